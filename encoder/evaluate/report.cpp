#include "encoder/evaluate/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "encoder/evaluate/charts.h"
#include "encoder/evaluate/html.h"
#include "encoder/evaluate/pictures.h"
#include "encoder/evaluate/rate_distortion.h"

namespace volumen {

extern const char* const kReportTemplate;

namespace {

/// Of the difference pictures.
constexpr int kGain = 8;

std::string tiles(const Evaluation& e) {
    std::string out = tile_html(number(e.psnr, 2), " dB", "PSNR");
    if (std::isfinite(e.psnr_masked))
        out += tile_html(number(e.psnr_masked, 2), " dB", "PSNR inside the mask");
    out += tile_html(number(e.ssim, 4), "", "SSIM");
    out += tile_html(number(e.mbit_per_s, 2), " Mbit/s", "bit rate");
    out += tile_html(number(e.ratio, 1), " : 1", "raw to coded size");
    out += tile_html(grouped(e.splats), "", "splats");
    return out;
}

template <class Get>
LineChart over_frames(const Figures& figures, const std::string& unit, int decimals, const char* style,
                      bool from_zero, Get&& get) {
    LineChart chart;
    chart.unit = unit, chart.decimals = decimals, chart.from_zero = from_zero;
    if (!from_zero) chart.least_range = 1;  // dB
    Series series{style, {}};
    for (const FrameFigures& f : figures.frames)
        chart.frames.push_back(f.index), series.values.push_back(get(f));
    chart.series.push_back(std::move(series));
    return chart;
}

std::string charts(const Figures& figures, const Evaluation& e) {
    std::string out = card(
        "PSNR over frames",
        over_frames(figures, "dB", 2, "line-1", false, [](const auto& f) { return f.psnr.value(); }).svg());
    if (std::isfinite(e.psnr_masked))
        out += card("PSNR inside the mask", over_frames(figures, "dB", 2, "line-2", false, [](const auto& f) {
                                                return f.psnr_masked.value();
                                            }).svg());
    out += card("Size over frames", over_frames(figures, "kB a frame", 1, "line-3", true, [](const auto& f) {
                                        return std::optional(f.bytes / 1e3);
                                    }).svg());
    if (std::isfinite(e.flicker))
        out += card("Flicker", over_frames(figures, "8-bit levels", 3, "line-4", true, [](const auto& f) {
                                   return f.flicker.value();
                               }).svg());
    // A track's share of the take's bytes is its share of the rate.
    double bytes = 0;
    for (const SourceTrack& t : figures.tracks) bytes += double(t.bytes);
    std::vector<Bar> bars;
    for (const SourceTrack& t : figures.tracks) {
        const double rate = bytes > 0 ? e.mbit_per_s * double(t.bytes) / bytes : 0;
        bars.push_back({t.name, rate, fmt::format("{:.2f} Mbit/s", rate)});
    }
    out += card("Rate by track", bar_chart(bars));
    bars.clear();
    for (const ViewFigures& v : figures.views) {
        const double db = v.psnr.value().value_or(0);
        bars.push_back({fmt::format("view {}", v.view), db, fmt::format("{:.2f} dB", db)});
    }
    return out + card("PSNR by view", bar_chart(bars));
}

std::string table(const Figures& figures, const Evaluation& e) {
    return row("Frames × views", fmt::format("{} × {}", e.frames, e.views)) +
           row("Pictures", fmt::format("{} × {} pixels", figures.width, figures.height)) +
           row("Frame rate", fmt::format("{:.3f} /s", figures.fps)) + row("PSNR", number(e.psnr, 3) + " dB") +
           row("PSNR inside the mask", number(e.psnr_masked, 3) + " dB") + row("SSIM", number(e.ssim, 5)) +
           row("Flicker", number(e.flicker, 3) + " levels") +
           row("Size", size_text(e.bytes_per_frame) + " a frame") +
           row("Raw size", size_text(e.raw_bytes_per_frame) + " a frame") +
           row("Ratio", number(e.ratio, 1) + " : 1") + row("Bit rate", number(e.mbit_per_s, 3) + " Mbit/s") +
           row("Splats", grouped(e.splats)) + row("Decoding", number(e.decode_ms, 2) + " ms a frame") +
           row("Rendering", number(e.render_ms, 2) + " ms a picture") + row("Rendered by", figures.device);
}

std::string frame_rows(const Figures& figures) {
    std::string out;
    for (const FrameFigures& f : figures.frames)
        out += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</"
            "td><td>{}</td></tr>",
            f.index, number(f.psnr.value(), 2), number(f.psnr_masked.value(), 2), number(f.ssim.value(), 4),
            number(f.flicker.value(), 3), size_text(f.bytes), f.splats, number(f.decode_ms, 2),
            number(f.render_ms.value(), 2));
    return out;
}

std::string picture_rows(const std::vector<ReportPicture>& pictures) {
    std::string out;
    for (const ReportPicture& p : pictures)
        out += fmt::format(
            "<section class=\"card wide\"><h2>{} <small>{}</small></h2><div "
            "class=\"pictures\">{}{}{}</div></section>",
            escape_html(p.title), escape_html(p.caption), html_picture(p.truth, "ground truth"),
            html_picture(p.render, "result"),
            html_picture(difference(p.truth, p.render, kGain), fmt::format("difference × {}", kGain)));
    return out;
}

}  // namespace

std::string make_report(const Figures& figures, const std::vector<ReportPicture>& pictures) {
    const Evaluation e = figures.summary();
    return fill(
        kReportTemplate,
        {{"style", kReportStyle},
         {"stream", escape_html(figures.stream)},
         {"capture", escape_html(figures.capture)},
         {"subtitle", escape_html(fmt::format("{} frames, {} views, {} × {}, rendered by {}", e.frames,
                                              e.views, figures.width, figures.height, figures.device))},
         {"tiles", tiles(e)},
         {"charts", charts(figures, e)},
         {"rate_distortion", rate_distortion_cards(figures.rate_distortion)},
         {"pictures", picture_rows(pictures)},
         {"table", table(figures, e)},
         {"frames", frame_rows(figures)}});
}

}  // namespace volumen
