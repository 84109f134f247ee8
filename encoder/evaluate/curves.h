// Curves over a logarithmic axis as inline SVG; colours come from the report's style sheet.
#pragma once

#include <string>
#include <vector>

namespace volumen {

struct CurvePoint {
    double x = 0, y = 0;  ///< finite; x above 0
    std::string text;     ///< tooltip
};

enum class Marker { circle, square, diamond };

/// Its points are joined in order of x.
struct Curve {
    std::string style;  ///< class of the style sheet: "line-1", ...
    Marker marker = Marker::circle;
    std::string name;
    std::vector<CurvePoint> points;
};

/// A dashed line from side to side.
struct Level {
    std::string name;
    double y = 0;
};

struct CurveChart {
    std::string x_unit, y_unit;
    double least_range = 0;  ///< the vertical axis spans at least this much
    std::vector<Curve> curves;
    std::vector<Level> levels;

    /// Each curve and level is named at its right end, no name over another.
    std::string svg() const;
    /// HTML: the curves' and levels' names, each beside its line.
    std::string legend() const;
};

/// Round values within [low, high], 0 < low < high, fit for a logarithmic axis.
std::vector<double> logarithmic_ticks(double low, double high);
/// The places of labels, in the order given: as close to `wanted` as `distance` between them and [low, high]
/// allow.
std::vector<double> spread(const std::vector<double>& wanted, double distance, double low, double high);

}  // namespace volumen
