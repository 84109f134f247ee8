// The overlay's look, and the widgets that Dear ImGui does not have.
#pragma once

#include <imgui.h>

#include <optional>
#include <span>
#include <vector>

#include "player/view/overlay.h"

namespace volumen::widgets {

inline constexpr ImU32 kAccent = IM_COL32(94, 176, 255, 255), kAccentDim = IM_COL32(94, 176, 255, 110),
                       kText = IM_COL32(232, 236, 241, 255), kTextDim = IM_COL32(156, 165, 176, 255),
                       kTrack = IM_COL32(255, 255, 255, 46), kMark = IM_COL32(255, 255, 255, 120),
                       kWarning = IM_COL32(255, 184, 77, 255);

/// 83.5 as "01:23.50".
std::string clock_text(double seconds);

/// Rounding, spacing, colours; `scale` is the display's.
void set_style(float scale);

enum class Icon { play, pause, step_back, step_forward, to_start, to_end, loop, help, fullscreen };
/// A round button of the height of a line; `on` for switches.
bool icon_button(const char* id, Icon icon, const char* tooltip, bool on = false);

/// The timeline over the whole width: segment marks, what was lost, what was waited for, the handle. Returns
/// the frame under the pointer while it is pressed.
std::optional<int> timeline(const OverlayState& state);

/// A label on the left and its value on the right of the panel.
void figure(const char* label, const char* value, ImU32 colour = kText);
/// The same behind a square of a colour.
void coloured_figure(ImU32 colour, const char* label, const char* value);
/// Behind the panels: the ellipse at so many deviations; `scale` takes the picture's pixels to Dear ImGui's.
void outline(const Ellipse& ellipse, float deviations, float scale);
/// The colours of heat maps from the least to the most, `width` wide, and what these are.
void heat_scale(const char* least, const char* most, float width);
/// What a column of a graph is made of; all layers have as many values, the oldest first.
struct Layer {
    ImU32 colour;
    std::vector<float> values;
};
/// Columns of layers upon each other, the first at the bottom, newest on the right, with a line at `budget`.
void stacked_graph(std::span<const Layer> layers, float budget, float height);

}  // namespace volumen::widgets
