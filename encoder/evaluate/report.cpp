#include "encoder/evaluate/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "encoder/evaluate/charts.h"
#include "encoder/evaluate/pictures.h"
#include "formats/core/error.h"
#include "formats/media/image_file.h"

namespace volumen {

extern const char* const kReportTemplate;

namespace {

/// Of the difference pictures.
constexpr int kGain = 8;

std::string base64(const std::vector<std::uint8_t>& bytes) {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(bytes.size() - i, 3);
        std::uint32_t word = 0;
        for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (k < left ? bytes[i + k] : 0u);
        for (std::size_t k = 0; k < 4; ++k) out += k <= left ? kDigits[word >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

std::string picture(const Image8& image, const std::string& name) {
    return fmt::format(
        "<figure><img alt=\"{0}\" width=\"{1}\" height=\"{2}\" src=\"data:image/png;base64,{3}\">"
        "<figcaption>{0}</figcaption></figure>",
        escape_html(name), image.width, image.height, base64(encode_image(image, ".png")));
}

std::string number(double value, int decimals) {
    return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "–";
}

std::string number(std::optional<double> value, int decimals) {
    return number(value.value_or(NAN), decimals);
}

/// 12 345: thousands apart, by thin spaces.
std::string grouped(std::size_t value) {
    std::string digits = fmt::format("{}", value), out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) out += "\u202f";
        out += digits[i];
    }
    return out;
}

/// Bytes in the unit that suits them.
std::string size_text(double bytes) {
    if (bytes >= 1e6) return fmt::format("{:.2f} MB", bytes / 1e6);
    if (bytes >= 1e3) return fmt::format("{:.1f} kB", bytes / 1e3);
    return fmt::format("{:.0f} B", bytes);
}

std::string tile_html(const std::string& value, const std::string& unit, const std::string& name) {
    return fmt::format("<div class=\"tile\"><b>{}<small>{}</small></b><span>{}</span></div>",
                       escape_html(value), escape_html(unit), escape_html(name));
}

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

std::string card(const std::string& title, const std::string& body) {
    return fmt::format("<section class=\"card\"><h2>{}</h2>{}</section>", escape_html(title), body);
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

std::string row(const std::string& name, const std::string& value) {
    return fmt::format("<tr><th>{}</th><td>{}</td></tr>", escape_html(name), escape_html(value));
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
            escape_html(p.title), escape_html(p.caption), picture(p.truth, "ground truth"),
            picture(p.render, "result"),
            picture(difference(p.truth, p.render, kGain), fmt::format("difference × {}", kGain)));
    return out;
}

/// Replaces every {{name}} of the template.
std::string fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
    std::string out;
    for (;;) {
        const std::size_t begin = text.find("{{"), end = text.find("}}", begin);
        if (begin == text.npos || end == text.npos) return out.append(text);
        const auto value = values.find(text.substr(begin + 2, end - begin - 2));
        if (value == values.end())
            throw InputError("the report's template names {}, which there is not",
                             text.substr(begin, end + 2 - begin));
        out.append(text.substr(0, begin)).append(value->second);
        text.remove_prefix(end + 2);
    }
}

}  // namespace

std::string make_report(const Figures& figures, const std::vector<ReportPicture>& pictures) {
    const Evaluation e = figures.summary();
    return fill(
        kReportTemplate,
        {{"stream", escape_html(figures.stream)},
         {"capture", escape_html(figures.capture)},
         {"subtitle", escape_html(fmt::format("{} frames, {} views, {} × {}, rendered by {}", e.frames,
                                              e.views, figures.width, figures.height, figures.device))},
         {"tiles", tiles(e)},
         {"charts", charts(figures, e)},
         {"pictures", picture_rows(pictures)},
         {"table", table(figures, e)},
         {"frames", frame_rows(figures)}});
}

}  // namespace volumen
