// Charts as inline SVG; colours come from the report's style sheet.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace volumen {

/// Text that HTML shows as it is.
std::string escape_html(std::string_view text);

struct Series {
    std::string style;                          ///< class of the style sheet: "line-1", ...
    std::vector<std::optional<double>> values;  ///< one a frame
    std::string name = {};                      ///< in tooltips, where there are several
};

struct LineChart {
    std::string unit;             ///< of the vertical axis
    int decimals = 1;             ///< of the values in tooltips
    bool from_zero = false;       ///< the axis starts at 0, and the area below the line is filled
    double least_range = 0;       ///< the axis spans at least this much: noise shall not look like news
    std::string along = "frame";  ///< what the horizontal axis counts
    std::vector<int> frames;      ///< of the horizontal axis
    std::vector<Series> series;
    std::string svg() const;
};

struct Bar {
    std::string name;
    double value = 0;
    std::string text;  ///< shown behind the bar
};

/// Horizontal bars from zero, one below the other.
std::string bar_chart(const std::vector<Bar>& bars);

/// Steps of 1, 2 or 5 times a power of ten, about `count` of them, that cover [low, high].
std::vector<double> ticks(double low, double high, int count);

}  // namespace volumen
