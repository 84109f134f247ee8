#include "encoder/evaluate/report.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "encoder/evaluate/charts.h"
#include "encoder/evaluate/pictures.h"

using namespace volumen;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Figures two_frames() {
    Figures f;
    f.stream = "<script>alert(1)</script>", f.capture = "a & \"b\"", f.device = "CPU";
    f.width = 4, f.height = 3, f.fps = 25;
    for (int i = 0; i < 2; ++i) {
        FrameFigures frame;
        frame.index = i, frame.capture_frame = 10 + i;
        frame.psnr.add(30 + 2 * i), frame.psnr.add(34 + 2 * i);
        frame.ssim.add(0.9);
        if (i > 0) frame.flicker.add(1.5);
        frame.bytes = 1000, frame.raw_bytes = 50000, frame.decode_ms = 2, frame.splats = 100;
        f.frames.push_back(frame);
    }
    ViewFigures view;
    view.view = 7, view.name = "view</td>";
    view.psnr.add(31);
    f.views = {view, view};
    f.tracks = {{"atlas <video>", 1500}, {"side", 500}};
    return f;
}

}  // namespace

TEST_CASE("the summary is the mean of the frames") {
    const Evaluation e = two_frames().summary();
    CHECK(e.frames == 2);
    CHECK(e.views == 2);
    CHECK(e.psnr == doctest::Approx(33));
    CHECK(e.frame_psnr == std::vector<double>{32, 34});
    CHECK(e.flicker == doctest::Approx(1.5));
    CHECK(std::isnan(e.psnr_masked));
    CHECK(e.mbit_per_s == doctest::Approx(1000 * 8 * 25 / 1e6));
    CHECK(e.ratio == doctest::Approx(50));
}

TEST_CASE("the JSON has every figure, null where there is none") {
    const auto root = nlohmann::json::parse(two_frames().to_json());
    for (const char* key : {"frames", "views", "psnr", "psnr_masked", "ssim", "flicker", "bytes_per_frame",
                            "mbit_per_s", "raw_bytes_per_frame", "ratio", "splats", "decode_ms", "render_ms"})
        CHECK(root.contains(key));
    CHECK(root["psnr_masked"].is_null());
    CHECK(root["per_frame"].size() == 2);
    CHECK(root["per_frame"][0]["flicker"].is_null());
    CHECK(root["per_frame"][1]["capture_frame"] == 11);
    CHECK(root["per_view"][0]["view"] == 7);
    CHECK(root["rate_distortion"].empty());
}

TEST_CASE("the report loads nothing and shows names as they are") {
    Image8 picture(4, 3, 3);
    const std::string html = make_report(two_frames(), {{"Worst", "<b>view</b>", picture, picture}});
    CHECK(contains(html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    CHECK_FALSE(contains(html, "<script"));
    CHECK_FALSE(contains(html, "<b>view"));
    CHECK(contains(html, "atlas &lt;video&gt;"));
    CHECK(contains(html, "a &amp; &quot;b&quot;"));
    CHECK_FALSE(contains(html, "http://"));
    CHECK_FALSE(contains(html, "https://"));
    CHECK_FALSE(contains(html, "{{"));
    std::size_t pictures = 0;
    for (std::size_t at = 0; (at = html.find("data:image/png;base64,", at)) != html.npos; ++at) ++pictures;
    CHECK(pictures == 3);
}

TEST_CASE("ticks cover their range in round steps") {
    CHECK(ticks(0, 1, 5) == std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1});
    for (const auto& [low, high] : {std::pair(36.9, 37.1), std::pair(0.0, 12345.0), std::pair(5.0, 5.0),
                                    std::pair(-3.0, 4e-3), std::pair(0.0, 1e-9)}) {
        const auto t = ticks(low, high, 4);
        REQUIRE(t.size() >= 2);
        CHECK(t.size() <= 8);
        CHECK(t.front() <= low + 1e-9);
        CHECK(t.back() >= high - 1e-9);
        CHECK(std::is_sorted(t.begin(), t.end()));
    }
}

TEST_CASE("a chart leaves gaps where there is no value, and stands none at all") {
    LineChart chart;
    chart.unit = "dB", chart.frames = {0, 1, 2}, chart.series = {{"line-1", {std::nullopt, 3.0, 4.0}}};
    const std::string svg = chart.svg();
    CHECK(std::count(svg.begin(), svg.end(), 'M') >= 1);
    CHECK(contains(svg, "frame 2: 4.0 dB"));
    CHECK_FALSE(contains(svg, "frame 0:"));
    chart.series[0].values = {std::nullopt, std::nullopt, std::nullopt};
    CHECK_FALSE(contains(chart.svg(), "<path"));
}

TEST_CASE("pictures: difference and tiles") {
    Image8 a(2, 1, 3), b(2, 1, 3);
    a.pixels = {10, 20, 30, 255, 0, 0}, b.pixels = {12, 20, 25, 0, 0, 0};
    CHECK(difference(a, b, 8).pixels == std::vector<std::uint8_t>{16, 0, 40, 255, 0, 0});
    const Image8 sheet = tile({{a, b}, {b}});
    CHECK(sheet.width == 2 * 2 + 3 * 4);
    CHECK(sheet.height == 2 * 1 + 3 * 4);
    CHECK(sheet.at(0, 0)[0] == 255);
    CHECK(sheet.at(4, 4)[1] == 20);
    CHECK(sheet.at(4, 4 + 1 + 4)[0] == 12);
    CHECK(tile({}).pixels.size() > 0);
}
