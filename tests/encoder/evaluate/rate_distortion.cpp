#include "encoder/evaluate/rate_distortion.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "encoder/evaluate/curves.h"

using namespace volumen;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++count;
    return count;
}

RatePoint point(const char* profile, const char* codec, double quality, double kilobytes, double db) {
    RatePoint p;
    p.stream = std::string(profile) + "/" + codec + "<i>";
    p.coding = {profile, codec, quality};
    p.figures.bytes_per_frame = kilobytes * 1e3, p.figures.mbit_per_s = kilobytes * 0.2;
    p.figures.psnr = db, p.figures.psnr_masked = NAN, p.figures.ssim = 0.9, p.figures.flicker = NAN;
    return p;
}

RatePoint model(const char* profile, double db) {
    RatePoint p = point(profile, "", 0, 900, db);
    p.coding.quality = {};
    return p;
}

/// The corners of the first line of a style, in SVG pixels.
std::vector<std::pair<double, double>> line_of(const std::string& svg, const std::string& style) {
    const std::string head = fmt::format("<path class=\"line {}\" d=\"", style);
    std::size_t at = svg.find(head);
    REQUIRE(at != svg.npos);
    at += head.size();
    const std::string path = svg.substr(at, svg.find('"', at) - at);
    std::vector<std::pair<double, double>> out;
    std::istringstream in(path);
    char command;
    double x, y;
    while (in >> command >> x >> y) out.emplace_back(x, y);
    return out;
}

}  // namespace

TEST_CASE("a curve's points are joined in order of x, evenly for even ratios, and stay inside") {
    CurveChart chart{"kB", "dB", 0, {}, {}};
    chart.curves = {{"line-1", Marker::circle, "a <b>", {{40, 36, "forty"}, {10, 30, "ten"}, {20, 34, ""}}},
                    {"line-2", Marker::square, "other", {{160, 33, ""}}}};
    chart.levels = {{"level", 41}};
    const std::string svg = chart.svg();
    const auto line = line_of(svg, "line-1");
    REQUIRE(line.size() == 3);
    CHECK(line[1].first - line[0].first == doctest::Approx(line[2].first - line[1].first).epsilon(1e-2));
    CHECK(line[0].first < line[1].first);
    // Upwards is better, by dB.
    CHECK(line[0].second - line[1].second ==
          doctest::Approx(2 * (line[1].second - line[2].second)).epsilon(1e-2));
    for (const auto& [x, y] : line) {
        CHECK(x > 52);
        CHECK(x < 950);
        CHECK(y >= 24);
        CHECK(y <= 336);
    }
    CHECK(contains(svg, "<title>forty</title>"));
    CHECK(contains(svg, "a &lt;b&gt;"));
    CHECK(contains(svg, "class=\"level\""));
    CHECK(contains(svg, ">45<"));  // the level is within the axis
    for (const char* name : {"a &lt;b&gt;", "other", "level"}) CHECK(contains(chart.legend(), name));
    CHECK(contains(CurveChart{}.svg(), "Nothing"));
}

TEST_CASE("ticks of a logarithmic axis lie inside, and are some") {
    CHECK(logarithmic_ticks(9, 101) == std::vector<double>{10, 20, 50, 100});
    for (const double low : {0.003, 1.0, 37.0, 9e5})
        for (const double ratio : {1.25, 2.0, 5.9, 6.1, 40.0, 3000.0}) {
            CAPTURE(low);
            CAPTURE(ratio);
            const std::vector<double> t = logarithmic_ticks(low, low * ratio);
            CHECK(t.size() >= 2);
            CHECK(t.size() <= 13);
            CHECK(std::is_sorted(t.begin(), t.end()));
            CHECK(t.front() >= low);
            CHECK(t.back() <= low * ratio);
        }
}

TEST_CASE("labels keep their distance, their order and the range") {
    CHECK(spread({10, 40}, 15, 0, 100) == std::vector<double>{10, 40});
    CHECK(spread({50, 49, 51}, 10, 0, 100) == std::vector<double>{59, 49, 69});
    CHECK(spread({99, 98, 5}, 10, 0, 100) == std::vector<double>{100, 90, 5});
    CHECK(spread({}, 10, 0, 100).empty());
}

TEST_CASE("the report has a curve for each profile and codec, levels for models, and a table by rate") {
    CHECK(rate_distortion_cards({}).empty());
    std::vector<RatePoint> points{point("v3", "hevc", 90, 40, 37), point("auto", "h264", 90, 30, 36),
                                  model("auto", 38), point("auto", "h264", 50, 9, 33),
                                  point("dualgs", "h264", 75, 6, 35)};
    std::string html = rate_distortion_cards(points);
    for (const char* name : {"auto, H.264", "v3, HEVC", "dualgs, H.264", "model, not packed"})
        CHECK(occurrences(html, fmt::format(">{}<", name)) == 2);  // at the curve, and in the legend
    CHECK(contains(html, "auto, H.264, quality 50: 9.0 kB a frame, 1.80 Mbit/s, 33.00 dB"));
    CHECK_FALSE(contains(html, "<i>"));
    CHECK_FALSE(contains(html, "inside the mask"));
    CHECK_FALSE(contains(html, "nan"));
    const std::string table = html.substr(html.find("<table"));
    const auto row = [&](const char* cells) { return table.find(cells); };
    CHECK(row("<td>50</td><td>9.0</td><td>1.80</td><td>33.00</td><td>–</td><td>0.9000</td><td>–</td>") <
          row("<td>90</td><td>30.0</td>"));
    CHECK(row("<td>90</td><td>30.0</td>") < row("<td>dualgs</td><td>H.264</td><td>75</td>"));
    CHECK(row("<td>v3</td><td>HEVC</td><td>90</td><td>40.0</td>") <
          row("<td>auto</td><td>not packed</td><td>–</td><td>900.0</td>"));
    CHECK(row("not packed") != table.npos);

    for (RatePoint& p : points) p.figures.psnr_masked = p.figures.psnr - 6;
    points.push_back(model("v3", 39));
    html = rate_distortion_cards(points);
    CHECK(contains(html, "Rate and distortion inside the mask"));
    CHECK(contains(html, "auto model, not packed"));
    CHECK(contains(html, "v3 model, not packed"));
}

TEST_CASE("the JSON has the points in the order given, null for what there is not") {
    Figures figures;
    figures.rate_distortion = {point("v3", "av1", 60, 12, 34), model("auto", 38)};
    const auto points = nlohmann::json::parse(figures.to_json())["rate_distortion"];
    REQUIRE(points.size() == 2);
    CHECK(points[0]["profile"] == "v3");
    CHECK(points[0]["codec"] == "av1");
    CHECK(points[0]["quality"] == 60);
    CHECK(points[0]["bytes_per_frame"] == 12000);
    CHECK(points[0]["psnr"] == 34);
    CHECK(points[0]["psnr_masked"].is_null());
    CHECK(points[1]["codec"].is_null());
    CHECK(points[1]["quality"].is_null());
}
