// Skin splats that follow joints: the motion model of DualGS, as it is trained and as every reader shows it.
// FORMAT.md, section 7.2, is the specification.
#pragma once

#include <glm/glm.hpp>
#include <span>
#include <vector>

#include "formats/splats/quaternion.h"

namespace volumen {

/// Joints that a splat hangs on, where there are as many.
inline constexpr int kAnchorsPerSplat = 8;

/// On which joints each splat hangs, and how firmly.
struct Anchors {
    int per_splat = 0;                  ///< kAnchorsPerSplat, or as many as there are joints
    std::vector<std::uint32_t> joints;  ///< splats × per_splat, the nearest first
    std::vector<float> weights;         ///< likewise; a splat's add up to 1

    std::size_t splats() const { return per_splat ? joints.size() / std::size_t(per_splat) : 0; }
};

/// Anchors by the places at a segment's first frame: the nearest joints (of those equally far the lower
/// index), with weights e^(-d² / 2 s²) that add up to 1, s being the median over joints of the distance to
/// the nearest other joint. No joints: no anchors. Which joints they are is the same on every machine where
/// the coordinates are integers within ±2^24. Threaded.
Anchors anchor(std::span<const glm::dvec3> splats, std::span<const glm::dvec3> joints);

/// A joint's motion since its segment's first frame.
struct JointMotion {
    glm::vec3 from{0}, to{0};     ///< its place then and now
    Quaternion turn{1, 0, 0, 0};  ///< unit: its rotation since then; q and -q are the same
};

/// Places and rotations of `out` from those of the first frame: x' = Σ w_k (R_k (x - from_k) + to_k), and q'
/// the unit quaternion of Σ ± w_k turn_k times q, with the signs that take each turn to the side of the
/// nearest joint's. `out` has the first frame's count; its other channels are left alone. Threaded.
void pose_skin(const SplatCloud& first, const Anchors& anchors, std::span<const JointMotion> joints,
               SplatCloud& out);

}  // namespace volumen
