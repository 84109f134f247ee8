#include "encoder/evaluate/curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "encoder/evaluate/charts.h"

namespace volumen {
namespace {

constexpr double kWidth = 1100, kHeight = 380;
constexpr double kLeft = 52, kRight = 180, kTop = 24, kBottom = 44;
/// Between the labels' base lines, at the style sheet's 12 pixels.
constexpr double kLabelDistance = 15;
/// The horizontal axis goes beyond the points by this factor.
constexpr double kMargin = 1.12;
/// Below this ratio a logarithmic axis has no room for 1, 2, 5, 10, …
constexpr double kNarrow = 6;

std::string mark(Marker marker, const std::string& style, double x, double y, const std::string& text) {
    const std::string title = text.empty() ? "" : fmt::format("<title>{}</title>", escape_html(text));
    switch (marker) {
        case Marker::circle:
            return fmt::format("<circle class=\"mark {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\">{}</circle>",
                               style, x, y, title);
        case Marker::square:
            return fmt::format(
                "<rect class=\"mark {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"9\" height=\"9\">{}</rect>", style,
                x - 4.5, y - 4.5, title);
        case Marker::diamond:
            break;
    }
    return fmt::format("<path class=\"mark {}\" d=\"M{:.1f} {:.1f}l6 6l-6 6l-6 -6Z\">{}</path>", style, x,
                       y - 6, title);
}

/// No more digits than the value needs.
std::string plain(double value) {
    return fmt::format("{:.6g}", value);
}

struct Label {
    std::string name, style;  ///< no style: of a level
    double x = 0, y = 0;      ///< what it names
};

std::string labels_svg(const std::vector<Label>& labels) {
    std::vector<double> wanted;
    for (const Label& label : labels) wanted.push_back(label.y);
    const std::vector<double> places = spread(wanted, kLabelDistance, kTop, kHeight - kBottom);
    constexpr double kEdge = kWidth - kRight;
    std::string out;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const Label& label = labels[i];
        const bool level = label.style.empty();
        if (!level || std::abs(places[i] - label.y) > 1)
            out += fmt::format("<path class=\"leader {}\" d=\"M{:.1f} {:.1f}L{} {:.1f}H{}\"/>",
                               level ? "level-leader" : label.style, label.x, label.y, kEdge + 8, places[i],
                               kEdge + 12);
        out += fmt::format("<text class=\"{} {}\" x=\"{}\" y=\"{:.1f}\">{}</text>",
                           level ? "level-label" : "label", label.style, kEdge + 16, places[i] + 4,
                           escape_html(label.name));
    }
    return out;
}

std::vector<CurvePoint> in_order(std::vector<CurvePoint> points) {
    std::ranges::stable_sort(points, {}, &CurvePoint::x);
    return points;
}

}  // namespace

std::vector<double> logarithmic_ticks(double low, double high) {
    std::vector<double> all;
    if (high / low < kNarrow) {
        all = ticks(low, high, 10);
    } else {
        for (double power = std::pow(10, std::floor(std::log10(low))); power <= high; power *= 10)
            for (const double factor : {1, 2, 5}) all.push_back(power * factor);
    }
    std::erase_if(all, [&](double v) { return v < low || v > high; });
    return all;
}

std::vector<double> spread(const std::vector<double>& wanted, double distance, double low, double high) {
    std::vector<std::size_t> order(wanted.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return wanted[i]; });
    std::vector<double> out = wanted;
    // Down to where there is room, then up from the lower end.
    double least = low;
    for (const std::size_t i : order) out[i] = std::max(out[i], least), least = out[i] + distance;
    double most = high;
    for (auto i = order.rbegin(); i != order.rend(); ++i)
        out[*i] = std::min(out[*i], most), most = out[*i] - distance;
    return out;
}

std::string CurveChart::svg() const {
    double x_low = 1e300, x_high = 0, low = 1e300, high = -1e300;
    for (const Curve& curve : curves)
        for (const CurvePoint& p : curve.points) {
            x_low = std::min(x_low, p.x), x_high = std::max(x_high, p.x);
            low = std::min(low, p.y), high = std::max(high, p.y);
        }
    if (low > high) return "<p class=\"none\">Nothing to draw.</p>";
    for (const Level& level : levels) low = std::min(low, level.y), high = std::max(high, level.y);
    x_low /= kMargin, x_high *= kMargin;
    const double widen = std::max(least_range - (high - low), 0.0) / 2;
    const std::vector<double> grid = ticks(low - widen, high + widen, 5);
    low = grid.front(), high = grid.back();
    const int decimals = std::clamp(int(std::ceil(-std::log10(grid[1] - grid[0]) - 1e-9)), 0, 6);
    constexpr double kEdge = kWidth - kRight, kFloor = kHeight - kBottom;
    const auto x_of = [&](double x) {
        return kLeft + (kEdge - kLeft) * std::log(x / x_low) / std::log(x_high / x_low);
    };
    const auto y_of = [&](double y) { return kTop + (kFloor - kTop) * (high - y) / (high - low); };

    std::string out = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">", kWidth, kHeight);
    out += fmt::format("<text class=\"unit\" x=\"{}\" y=\"12\">{}</text>", kLeft, escape_html(y_unit));
    for (const double t : grid)
        out += fmt::format(
            "<path class=\"grid\" d=\"M{} {:.1f}H{}\"/><text class=\"tick\" x=\"{}\" "
            "y=\"{:.1f}\">{:.{}f}</text>",
            kLeft, y_of(t), kEdge, kLeft - 8, y_of(t) + 4, t, decimals);
    for (const double t : logarithmic_ticks(x_low, x_high))
        out += fmt::format(
            "<path class=\"grid\" d=\"M{0:.1f} {1}V{2}\"/><text class=\"middle\" x=\"{0:.1f}\" "
            "y=\"{3}\">{4}</text>",
            x_of(t), kTop, kFloor, kFloor + 17, plain(t));
    out += fmt::format("<text class=\"middle\" x=\"{}\" y=\"{}\">{}</text>", (kLeft + kEdge) / 2, kHeight - 8,
                       escape_html(x_unit));
    std::vector<Label> labels;
    for (const Level& level : levels) {
        out += fmt::format("<path class=\"level\" d=\"M{} {:.1f}H{}\"/>", kLeft, y_of(level.y), kEdge);
        labels.push_back({level.name, "", kEdge, y_of(level.y)});
    }
    std::string lines, marks;
    for (const Curve& curve : curves) {
        if (curve.points.empty()) continue;
        const std::vector<CurvePoint> points = in_order(curve.points);
        std::string path;
        for (const CurvePoint& p : points) {
            path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', x_of(p.x), y_of(p.y));
            marks += mark(curve.marker, curve.style, x_of(p.x), y_of(p.y), p.text);
        }
        lines += fmt::format("<path class=\"line {}\" d=\"{}\"/>", curve.style, path);
        labels.push_back({curve.name, curve.style, x_of(points.back().x), y_of(points.back().y)});
    }
    return out + lines + labels_svg(labels) + marks + "</svg>";
}

std::string CurveChart::legend() const {
    constexpr const char* kSwatch = "<span><svg viewBox=\"0 0 26 12\">{}</svg>{}</span>";
    std::string out = "<div class=\"legend\">";
    for (const Curve& curve : curves)
        out += fmt::format(kSwatch,
                           fmt::format("<path class=\"line {}\" d=\"M0 6H26\"/>{}", curve.style,
                                       mark(curve.marker, curve.style, 13, 6, "")),
                           escape_html(curve.name));
    for (const Level& level : levels)
        out += fmt::format(kSwatch, "<path class=\"level\" d=\"M0 6H26\"/>", escape_html(level.name));
    return out + "</div>";
}

}  // namespace volumen
