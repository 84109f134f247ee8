#include "encoder/evaluate/rate_distortion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "encoder/evaluate/charts.h"
#include "encoder/evaluate/curves.h"
#include "encoder/evaluate/html.h"

namespace volumen {
namespace {

using Points = std::vector<RatePoint>;

/// Codecs differ in colour, profiles in the marker.
const char* style_of(const Coding& coding) {
    if (coding.codec == "h264") return "line-1";
    if (coding.codec == "hevc") return "line-2";
    return coding.codec == "av1" ? "line-3" : "line-4";
}

Marker marker_of(const Coding& coding) {
    if (coding.profile == "auto") return Marker::circle;
    return coding.profile == "v3" ? Marker::square : Marker::diamond;
}

std::string quality_text(const RatePoint& p) {
    return p.coding.quality ? fmt::format("{:.4g}", *p.coding.quality) : "–";
}

/// "not packed" needs the profile only where models of several were compared.
std::string level_name(const RatePoint& p, const Points& all) {
    const bool several = std::ranges::any_of(all, [&](const RatePoint& other) {
        return other.coding.codec.empty() && other.coding.profile != p.coding.profile;
    });
    return several && !p.coding.profile.empty() ? p.coding.profile + " model, not packed"
                                                : "model, not packed";
}

/// Packed ones first, by profile and codec (H.264, HEVC, AV1), then by rate.
Points sorted(std::span<const RatePoint> points) {
    Points out(points.begin(), points.end());
    std::ranges::stable_sort(out, {}, [](const RatePoint& p) {
        return std::tuple(p.coding.codec.empty(), p.coding.profile, std::string(style_of(p.coding)),
                          p.coding.codec, p.figures.bytes_per_frame);
    });
    return out;
}

CurveChart chart(const Points& points, double Evaluation::*psnr) {
    CurveChart out;
    out.x_unit = "kB a frame, logarithmic", out.y_unit = "PSNR, dB", out.least_range = 1;
    for (const RatePoint& p : points) {
        const double db = p.figures.*psnr, kilobytes = p.figures.bytes_per_frame / 1e3;
        if (!std::isfinite(db) || !(kilobytes > 0)) continue;
        if (p.coding.codec.empty()) {
            out.levels.push_back({level_name(p, points), db});
            continue;
        }
        const std::string name = p.coding.profile + ", " + codec_title(p.coding.codec);
        if (out.curves.empty() || out.curves.back().name != name)
            out.curves.push_back({style_of(p.coding), marker_of(p.coding), name, {}});
        out.curves.back().points.push_back(
            {kilobytes, db,
             fmt::format("{}, quality {}: {:.1f} kB a frame, {:.2f} Mbit/s, {:.2f} dB", name, quality_text(p),
                         kilobytes, p.figures.mbit_per_s, db)});
    }
    return out;
}

std::string wide_card(const std::string& title, const std::string& body) {
    return fmt::format("<section class=\"card wide\"><h2>{}</h2>{}</section>", title, body);
}

std::string chart_card(const std::string& title, const CurveChart& chart) {
    return wide_card(title, chart.legend() + chart.svg());
}

std::string table(const Points& points) {
    std::string out =
        "<div class=\"scroll\"><table class=\"points\"><tr><th>stream</th><th>profile</th><th>codec</th>"
        "<th>quality</th><th>kB a frame</th><th>Mbit/s</th><th>PSNR, dB</th><th>in the mask, dB</th>"
        "<th>SSIM</th><th>flicker</th></tr>";
    for (const RatePoint& p : points) {
        const Evaluation& e = p.figures;
        out += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
            "<td>{}</td><td>{}</td></tr>",
            escape_html(p.stream), p.coding.profile.empty() ? "–" : escape_html(p.coding.profile),
            p.coding.codec.empty() ? "not packed" : escape_html(codec_title(p.coding.codec)), quality_text(p),
            number(e.bytes_per_frame / 1e3, 1), number(e.mbit_per_s, 2), number(e.psnr, 2),
            number(e.psnr_masked, 2), number(e.ssim, 4), number(e.flicker, 3));
    }
    return out + "</table></div>";
}

}  // namespace

std::string codec_title(const std::string& codec) {
    if (codec == "h264") return "H.264";
    if (codec == "hevc") return "HEVC";
    return codec == "av1" ? "AV1" : codec;
}

std::string rate_distortion_cards(std::span<const RatePoint> points) {
    if (points.empty()) return "";
    const Points all = sorted(points);
    std::string out = chart_card("Rate and distortion", chart(all, &Evaluation::psnr));
    if (std::ranges::any_of(all, [](const RatePoint& p) { return std::isfinite(p.figures.psnr_masked); }))
        out += chart_card("Rate and distortion inside the mask", chart(all, &Evaluation::psnr_masked));
    return out + wide_card("Streams compared", table(all));
}

}  // namespace volumen
