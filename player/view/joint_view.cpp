#include "player/view/joint_view.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>

namespace volumen {
namespace {

constexpr int kPathFrames = 8;
/// Lines that are drawn at most: of more splats every second, third … has one.
constexpr std::size_t kMostLines = 20'000;
/// Stretched as much, a joint is red.
constexpr float kTorn = 2;
/// Nearer than this is not drawn, units.
constexpr float kNear = 0.05f;

glm::vec3 in_scene(const SkinSegment& s, glm::ivec3 place) {
    return glm::vec3(s.origin[0], s.origin[1], s.origin[2]) + s.grid * glm::vec3(place);
}

class Drawing {
  public:
    Drawing(const Camera& camera, float scale) : camera_(camera), scale_(scale) {}

    std::optional<ImVec2> at(glm::vec3 point) const {
        const glm::vec3 c = camera_.to_camera(point);
        if (c.z < kNear) return std::nullopt;
        return ImVec2(scale_ * (camera_.fx * c.x / c.z + camera_.cx),
                      scale_ * (camera_.fy * c.y / c.z + camera_.cy));
    }
    void line(glm::vec3 from, glm::vec3 to, ImU32 colour) {
        const auto a = at(from), b = at(to);
        if (a && b) list_->AddLine(*a, *b, colour, scale_ * 1.2f);
    }
    void dot(glm::vec3 point, ImU32 colour) {
        if (const auto p = at(point)) list_->AddCircleFilled(*p, scale_ * 2.2f, colour, 8);
    }

  private:
    const Camera& camera_;
    float scale_;
    ImDrawList* list_ = ImGui::GetBackgroundDrawList();
};

/// Green where nothing is stretched, over yellow to red.
ImU32 stretch_colour(float stretch) {
    const float hue = 0.33f * (1 - std::clamp((stretch - 1) / (kTorn - 1), 0.0f, 1.0f));
    return ImColor::HSV(hue, 0.9f, 1, 0.9f);
}

/// Joints one after the other differ clearly.
ImU32 joint_colour(std::uint32_t joint) {
    constexpr float kGoldenRatio = 0.618034f;
    return ImColor::HSV(std::fmod(float(joint) * kGoldenRatio, 1.0f), 0.75f, 1, 0.55f);
}

void draw_paths(const SkinSegment& s, int frame, Drawing& drawing) {
    for (std::uint32_t j = 0; j < s.joint_count; ++j) {
        const ImU32 colour = stretch_colour(stretch(s, frame, j));
        const ImU32 faint = (colour & ~IM_COL32_A_MASK) | IM_COL32(0, 0, 0, 110);
        for (int f = std::max(frame - kPathFrames, 0); f < frame; ++f)
            drawing.line(in_scene(s, s.joint_place(f, j)), in_scene(s, s.joint_place(f + 1, j)), faint);
        drawing.dot(in_scene(s, s.joint_place(frame, j)), colour);
    }
}

void draw_anchors(const SkinSegment& s, int frame, Drawing& drawing) {
    const SplatCloud skin = reconstruct_skin(s, frame);
    const std::size_t step = skin.count / kMostLines + 1, per_splat = std::size_t(s.anchors.per_splat);
    for (std::size_t i = 0; i < skin.count; i += step) {
        const std::uint32_t joint = s.anchors.joints[i * per_splat];
        drawing.line(in_scene(s, s.joint_place(frame, joint)), position(skin, i), joint_colour(joint));
    }
    for (std::uint32_t j = 0; j < s.joint_count; ++j)
        drawing.dot(in_scene(s, s.joint_place(frame, j)), joint_colour(j) | IM_COL32_A_MASK);
}

}  // namespace

JointView next(JointView view) {
    return view == JointView::off      ? JointView::joints
           : view == JointView::joints ? JointView::anchors
                                       : JointView::off;
}

std::optional<JointView> joint_view(const std::string& name) {
    if (name == "off") return JointView::off;
    if (name == "joints") return JointView::joints;
    if (name == "anchors") return JointView::anchors;
    return std::nullopt;
}

float stretch(const SkinSegment& s, int frame, std::uint32_t joint) {
    if (joint == 0) return 1;
    const std::uint32_t parent = s.parents[joint];
    const auto length = [&](int f) {
        return glm::length(glm::vec3(s.joint_place(f, joint) - s.joint_place(f, parent)));
    };
    const float then = length(0), now = length(frame);
    if (!(then > 0) || !(now > 0)) return then == now ? 1 : kTorn;
    return std::max(now / then, then / now);
}

void draw_joints(JointView view, const SkinSegment& segment, int frame, const Camera& camera, float scale) {
    Drawing drawing(camera, scale);
    if (view == JointView::joints) draw_paths(segment, frame, drawing);
    if (view == JointView::anchors) draw_anchors(segment, frame, drawing);
}

}  // namespace volumen
