#include "player/view/widgets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "shaders/shared.h"

namespace volumen::widgets {
namespace {

float line_height() {
    return ImGui::GetFontSize();
}

void draw_icon(ImDrawList& list, Icon icon, ImVec2 middle, float r, ImU32 colour) {
    const auto triangle = [&](float x, float size) {  // points along the sign of size
        list.AddTriangleFilled({middle.x + x + size, middle.y},
                               {middle.x + x - size, middle.y - std::abs(size)},
                               {middle.x + x - size, middle.y + std::abs(size)}, colour);
    };
    const auto block = [&](float x, float width, float height) {
        list.AddRectFilled({middle.x + x - width, middle.y - height},
                           {middle.x + x + width, middle.y + height}, colour, 0.3f * width);
    };
    const float stroke = 0.22f * r;
    switch (icon) {
        case Icon::play:
            triangle(0.12f * r, 0.8f * r);
            break;
        case Icon::pause:
            block(-0.42f * r, 0.2f * r, 0.8f * r), block(0.42f * r, 0.2f * r, 0.8f * r);
            break;
        case Icon::step_back:
            triangle(-0.3f * r, -0.55f * r), block(0.6f * r, 0.14f * r, 0.6f * r);
            break;
        case Icon::step_forward:
            triangle(0.3f * r, 0.55f * r), block(-0.6f * r, 0.14f * r, 0.6f * r);
            break;
        case Icon::to_start:
            triangle(0.2f * r, -0.6f * r), block(-0.7f * r, 0.14f * r, 0.65f * r);
            break;
        case Icon::to_end:
            triangle(-0.2f * r, 0.6f * r), block(0.7f * r, 0.14f * r, 0.65f * r);
            break;
        case Icon::loop: {
            constexpr float kStart = -0.9f, kEnd = kStart + 1.65f * std::numbers::pi_v<float>;
            list.PathArcTo(middle, 0.72f * r, kStart, kEnd, 24);
            list.PathStroke(colour, 0, stroke);
            const ImVec2 tip{middle.x + 0.72f * r * std::cos(kStart),
                             middle.y + 0.72f * r * std::sin(kStart)};
            list.AddTriangleFilled({tip.x - 0.5f * r, tip.y - 0.12f * r},
                                   {tip.x + 0.3f * r, tip.y - 0.42f * r},
                                   {tip.x + 0.16f * r, tip.y + 0.42f * r}, colour);
            break;
        }
        case Icon::help: {
            const ImVec2 size = ImGui::CalcTextSize("?");
            list.AddText({middle.x - 0.5f * size.x, middle.y - 0.5f * size.y}, colour, "?");
            break;
        }
        case Icon::fullscreen:
            for (const float x : {-1.0f, 1.0f})
                for (const float y : {-1.0f, 1.0f}) {
                    const ImVec2 corner{middle.x + x * 0.7f * r, middle.y + y * 0.6f * r};
                    const ImVec2 ends[] = {
                        {corner.x - x * 0.45f * r, corner.y}, corner, {corner.x, corner.y - y * 0.45f * r}};
                    list.AddPolyline(ends, 3, colour, 0, stroke);
                }
            break;
    }
}

/// The frame under an x coordinate of the track.
int frame_at(const OverlayState& state, float share) {
    const int last = state.range.count() - 1;
    return state.range.begin + std::clamp(int(std::lround(share * float(last))), 0, last);
}

}  // namespace

std::string clock_text(double seconds) {
    const int minutes = int(seconds / 60);
    return fmt::format("{:02}:{:05.2f}", minutes, seconds - 60 * minutes);
}

void set_style(float scale) {
    ImGuiStyle style;
    ImGui::StyleColorsDark(&style);
    style.WindowRounding = 10, style.FrameRounding = 6, style.PopupRounding = 6, style.GrabRounding = 6;
    style.WindowBorderSize = 0, style.PopupBorderSize = 0;
    style.WindowPadding = {16, 12}, style.ItemSpacing = {10, 6}, style.FramePadding = {8, 4};
    style.ScaleAllSizes(scale);
    const auto set = [&](ImGuiCol which, ImU32 colour) {
        style.Colors[which] = ImGui::ColorConvertU32ToFloat4(colour);
    };
    set(ImGuiCol_WindowBg, IM_COL32(17, 20, 25, 205));
    set(ImGuiCol_PopupBg, IM_COL32(17, 20, 25, 235));
    set(ImGuiCol_Text, kText);
    set(ImGuiCol_Separator, IM_COL32(255, 255, 255, 30));
    set(ImGuiCol_Button, IM_COL32(255, 255, 255, 18));
    set(ImGuiCol_ButtonHovered, IM_COL32(255, 255, 255, 44));
    set(ImGuiCol_ButtonActive, kAccentDim);
    ImGui::GetStyle() = style;
}

bool icon_button(const char* id, Icon icon, const char* tooltip, bool on) {
    const float size = 2.0f * line_height();
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const bool pressed = ImGui::InvisibleButton(id, {size, size});
    const bool hovered = ImGui::IsItemHovered();
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 middle{corner.x + 0.5f * size, corner.y + 0.5f * size};
    if (hovered || ImGui::IsItemActive())
        list.AddCircleFilled(middle, 0.5f * size,
                             ImGui::IsItemActive() ? kAccentDim : IM_COL32(255, 255, 255, 36), 32);
    draw_icon(list, icon, middle, 0.25f * size, on ? kAccent : kText);
    if (hovered) ImGui::SetTooltip("%s", tooltip);
    return pressed;
}

std::optional<int> timeline(const OverlayState& state) {
    const float unit = line_height();
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = 1.3f * unit;
    const float inset = 0.45f * unit, length = width - 2 * inset;  // the handle stays inside the panel
    ImGui::InvisibleButton("timeline", {width, height});
    const bool active = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();

    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float y = corner.y + 0.5f * height, thickness = (hovered || active ? 0.2f : 0.15f) * unit;
    const auto x_of = [&](int frame) {
        const float last = float(std::max(state.range.count() - 1, 1));
        return corner.x + inset + length * std::clamp(float(frame - state.range.begin) / last, 0.0f, 1.0f);
    };
    const float handle = x_of(state.handle);
    list.AddRectFilled({corner.x + inset, y - thickness}, {corner.x + inset + length, y + thickness}, kTrack,
                       thickness);
    list.AddRectFilled({corner.x + inset, y - thickness}, {handle, y + thickness}, kAccent, thickness);
    for (const LostFrames& lost : state.lost)
        list.AddRectFilled({x_of(lost.first_frame), y - thickness},
                           {x_of(lost.first_frame + lost.count), y + thickness}, kWarning);
    for (const Stall& stall : state.stalls) {
        const float x = x_of(stall.frame), below = y + 0.3f * unit, side = 0.16f * unit;
        list.AddTriangleFilled({x, below}, {x - side, below + 1.8f * side}, {x + side, below + 1.8f * side},
                               kWarning);
    }
    for (const SegmentInfo& segment : state.segments) {
        if (segment.first_frame <= state.range.begin || segment.first_frame >= state.range.end) continue;
        const float x = x_of(segment.first_frame);
        list.AddLine({x, y - 0.42f * unit}, {x, y + 0.42f * unit}, kMark, 0.07f * unit);
    }
    list.AddCircleFilled({handle, y}, (active ? 0.48f : 0.4f) * unit, kText, 24);
    list.AddCircleFilled({handle, y}, 0.22f * unit, state.seeking ? kWarning : kAccent, 24);

    if (!hovered && !active) return std::nullopt;
    const int under = frame_at(state, (ImGui::GetIO().MousePos.x - corner.x - inset) / length);
    const float pointer = std::clamp(ImGui::GetIO().MousePos.x, corner.x + inset, corner.x + inset + length);
    ImGui::SetNextWindowPos({pointer, corner.y - 0.4f * unit}, ImGuiCond_Always, {0.5f, 1});
    ImGui::SetTooltip("%s   frame %d", clock_text(under / state.fps.value()).c_str(), under);
    return active ? std::optional(under) : std::nullopt;
}

void figure(const char* label, const char* value, ImU32 colour) {
    ImGui::PushStyleColor(ImGuiCol_Text, kTextDim);
    ImGui::TextUnformatted(label);
    ImGui::PopStyleColor();
    ImGui::SameLine();
    const float free = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(value).x;
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(free, 0.0f));
    ImGui::PushStyleColor(ImGuiCol_Text, colour);
    ImGui::TextUnformatted(value);
    ImGui::PopStyleColor();
}

void coloured_figure(ImU32 colour, const char* label, const char* value) {
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float line = ImGui::GetTextLineHeight(), side = 0.55f * line, above = 0.5f * (line - side);
    ImGui::GetWindowDrawList()->AddRectFilled(
        {corner.x, corner.y + above}, {corner.x + side, corner.y + above + side}, colour, 0.2f * side);
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + 1.6f * side);
    figure(label, value);
}

void outline(const Ellipse& ellipse, float deviations, float scale) {
    // Cholesky's factor of the covariance takes the unit circle to the ellipse.
    const double a = std::sqrt(ellipse.xx), b = ellipse.xy / a;
    const double c = std::sqrt(std::max(ellipse.yy - b * b, 0.0));
    constexpr int kPoints = 64;
    ImVec2 points[kPoints];
    for (int i = 0; i < kPoints; ++i) {
        const double turn = 2 * std::numbers::pi * i / kPoints, x = std::cos(turn), y = std::sin(turn);
        points[i] = {scale * float(ellipse.mean.x + deviations * a * x),
                     scale * float(ellipse.mean.y + deviations * (b * x + c * y))};
    }
    ImDrawList& list = *ImGui::GetBackgroundDrawList();
    list.AddPolyline(points, kPoints, IM_COL32(0, 0, 0, 160), ImDrawFlags_Closed, 3.5f);
    list.AddPolyline(points, kPoints, kWarning, ImDrawFlags_Closed, 1.5f);
}

void heat_scale(const char* least, const char* most, float width) {
    constexpr int kSteps = int(std::size(gpu::kHeat)) - 1;
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float height = 0.7f * ImGui::GetFontSize(), step = width / float(kSteps);
    const auto colour = [](const float(&c)[3]) {
        return ImGui::ColorConvertFloat4ToU32({c[0], c[1], c[2], 1});
    };
    for (int i = 0; i < kSteps; ++i) {
        const ImU32 left = colour(gpu::kHeat[i]), right = colour(gpu::kHeat[i + 1]);
        const float x = corner.x + float(i) * step;
        ImGui::GetWindowDrawList()->AddRectFilledMultiColor({x, corner.y}, {x + step, corner.y + height},
                                                            left, right, right, left);
    }
    ImGui::Dummy({width, height});
    figure(least, most);
}

void stacked_graph(std::span<const Layer> layers, float budget, float height) {
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::Dummy({width, height});
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.AddRectFilled(corner, {corner.x + width, corner.y + height}, IM_COL32(255, 255, 255, 14),
                       0.08f * height);
    const std::size_t columns = layers.empty() ? 0 : layers.front().values.size();
    float top = budget * 1.25f;
    for (std::size_t i = 0; i < columns; ++i) {
        float sum = 0;
        for (const Layer& layer : layers) sum += layer.values[i];
        top = std::max(top, sum);
    }
    const float column = width / float(kGraphFrames);
    const float first = corner.x + width - column * float(columns);
    for (std::size_t i = 0; i < columns; ++i) {
        const float x = first + column * float(i);
        float y = corner.y + height;
        for (const Layer& layer : layers) {
            const float above = y - height * layer.values[i] / top;
            list.AddRectFilled({x, above}, {x + std::max(column - 0.5f, 1.0f), y}, layer.colour);
            y = above;
        }
    }
    const float y = corner.y + height * (1 - budget / top);
    list.AddLine({corner.x, y}, {corner.x + width, y}, kMark);
}

}  // namespace volumen::widgets
