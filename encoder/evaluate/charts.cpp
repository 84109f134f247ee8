#include "encoder/evaluate/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace volumen {
namespace {

constexpr double kWidth = 640, kHeight = 220;
constexpr double kLeft = 52, kRight = 12, kTop = 22, kBottom = 26;

/// As many digits as the step between ticks needs.
std::string tick_text(double value, double step) {
    const int decimals = std::clamp(int(std::ceil(-std::log10(step) - 1e-9)), 0, 6);
    return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    return out;
}

std::vector<double> ticks(double low, double high, int count) {
    if (!(high > low)) high = low + std::max(std::abs(low) * 0.01, 1e-3);
    const double rough = (high - low) / count, power = std::pow(10, std::floor(std::log10(rough)));
    double step = power * 10;
    for (const double factor : {1.0, 2.0, 5.0})
        if (power * factor >= rough * 0.999) {
            step = power * factor;
            break;
        }
    const auto first = std::llround(std::floor(low / step + 1e-9)),
               last = std::llround(std::ceil(high / step - 1e-9));
    std::vector<double> out;
    for (auto i = first; i <= last; ++i) out.push_back(double(i) * step);
    return out;
}

std::string LineChart::svg() const {
    double low = 1e300, high = -1e300;
    for (const Series& s : series)
        for (const auto& v : s.values)
            if (v) low = std::min(low, *v), high = std::max(high, *v);
    if (low > high) return "<p class=\"none\">Nothing to draw.</p>";
    if (from_zero) low = 0;
    const double widen = std::max(least_range - (high - low), 0.0) / 2;
    if (!from_zero) low -= widen, high += widen;
    const std::vector<double> grid = ticks(low, high, 4);
    low = grid.front(), high = grid.back();
    const double step = grid[1] - grid[0];
    const double count = double(std::max<std::size_t>(frames.size(), 2) - 1);
    const auto x_of = [&](std::size_t i) { return kLeft + (kWidth - kLeft - kRight) * double(i) / count; };
    const auto y_of = [&](double v) { return kTop + (kHeight - kTop - kBottom) * (high - v) / (high - low); };

    std::string out = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">", kWidth, kHeight);
    out += fmt::format("<text class=\"unit\" x=\"{}\" y=\"12\">{}</text>", kLeft, escape_html(unit));
    for (const double t : grid)
        out += fmt::format(
            "<path class=\"grid\" d=\"M{} {:.1f}H{}\"/><text class=\"tick\" x=\"{}\" y=\"{:.1f}\">{}</text>",
            kLeft, y_of(t), kWidth - kRight, kLeft - 8, y_of(t) + 4, tick_text(t, step));
    const std::size_t every = std::max<std::size_t>(1, (frames.size() + 9) / 10);
    for (std::size_t i = 0; i < frames.size(); i += every)
        out += fmt::format("<text class=\"tick frame\" x=\"{:.1f}\" y=\"{}\">{}</text>", x_of(i), kHeight - 8,
                           frames[i]);
    for (const Series& s : series) {
        std::string path;
        std::size_t first = 0, last = 0;
        for (std::size_t i = 0; i < s.values.size(); ++i) {
            if (!s.values[i]) continue;
            if (path.empty()) first = i;
            last = i;
            path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', x_of(i), y_of(*s.values[i]));
        }
        if (path.empty()) continue;
        if (from_zero)
            out += fmt::format("<path class=\"area {}\" d=\"{}L{:.1f} {:.1f}L{:.1f} {:.1f}Z\"/>", s.style,
                               path, x_of(last), y_of(0), x_of(first), y_of(0));
        out += fmt::format("<path class=\"line {}\" d=\"{}\"/>", s.style, path);
        for (std::size_t i = 0; i < s.values.size(); ++i)
            if (s.values[i])
                out += fmt::format(
                    "<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"7\"><title>{}{} {}: {:.{}f} "
                    "{}</title></circle>",
                    s.style, x_of(i), y_of(*s.values[i]), s.name.empty() ? "" : escape_html(s.name) + ", ",
                    along, frames[i], *s.values[i], decimals, escape_html(unit));
    }
    return out + "</svg>";
}

std::string bar_chart(const std::vector<Bar>& bars) {
    double high = 0;
    for (const Bar& b : bars) high = std::max(high, b.value);
    constexpr std::size_t kLongList = 8;
    std::string out = bars.size() > kLongList ? "<div class=\"bars two\">" : "<div class=\"bars\">";
    for (const Bar& b : bars) {
        const double share = high > 0 ? std::clamp(b.value / high, 0.0, 1.0) : 0;
        out += fmt::format(
            "<span class=\"name\">{}</span><span class=\"track\"><i style=\"width:{:.1f}%\"></i></span>"
            "<span class=\"value\">{}</span>",
            escape_html(b.name), share * 100, escape_html(b.text));
    }
    return out + "</div>";
}

}  // namespace volumen
