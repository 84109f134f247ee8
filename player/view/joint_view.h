// Draws the joints of a frame over its picture, so that a track that went astray is seen.
#pragma once

#include <optional>
#include <string>

#include "formats/core/camera.h"
#include "formats/stream/skin_segment.h"

namespace volumen {

enum class JointView {
    off,
    joints,   ///< each with its path of the last frames; red where it left its neighbour
    anchors,  ///< a line from each joint to the splats that it leads
};
JointView next(JointView view);
/// `off`, `joints` or `anchors`; nothing otherwise.
std::optional<JointView> joint_view(const std::string& name);

/// How far a joint is from its parent (SkinSegment::parents), against the segment's first frame: 1 where
/// that has not changed, 2 where it doubled or halved. 1 for a joint without a parent.
float stretch(const SkinSegment& segment, int frame, std::uint32_t joint);

/// Draws behind the panels of the Dear ImGui frame that is being laid out. `frame` counts from the segment's
/// first; `camera` is the picture's, and `scale` takes its pixels to Dear ImGui's.
void draw_joints(JointView view, const SkinSegment& segment, int frame, const Camera& camera, float scale);

}  // namespace volumen
