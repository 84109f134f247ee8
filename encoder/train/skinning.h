// A cloud that follows nodes: pose_skin (formats/coding/skin.h) with its gradients.
#pragma once

#include <vector>

#include "formats/coding/skin.h"

namespace volumen::train {

/// Splats that hang on nodes, each with weights. A motion is a cloud of one splat a node (SH 0), of which
/// position is the node's translation and rotation its turn, a quaternion of any length but zero, so that
/// Adam steps it as it does splats.
class Skinning {
  public:
    Skinning() = default;
    /// `base`: the cloud as it is while the nodes are at `nodes`.
    Skinning(SplatCloud base, std::vector<glm::vec3> nodes, Anchors anchors);

    const SplatCloud& base() const { return base_; }
    const std::vector<glm::vec3>& nodes() const { return nodes_; }
    const Anchors& anchors() const { return anchors_; }
    /// Another base of as many splats, which hang where they did.
    void set_base(const SplatCloud& base) { base_ = base; }

    SplatCloud still() const;  ///< the motion that moves nothing
    /// Positions and rotations (unit) of `out` from the base's; a cloud of another shape is made the base
    /// first.
    void warp(const SplatCloud& motion, SplatCloud& out) const;
    /// d loss / d motion from d loss / d warped cloud; overwrites `d_motion`.
    void pull_back(const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_motion) const;
    /// d loss / d positions and rotations of the base, which are overwritten in `d_base`.
    void pull_back_base(const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_base) const;

  private:
    struct Turns;
    SplatCloud base_;
    std::vector<glm::vec3> nodes_;
    Anchors anchors_;
};

/// Divides all rotations by their lengths.
void make_unit(SplatCloud& cloud);
/// Positions of all splats.
std::vector<glm::vec3> positions(const SplatCloud& cloud);
/// Hangs a cloud on joints by their places now, as every reader does.
Skinning skin_on_joints(const SplatCloud& cloud, const SplatCloud& joints);

/// The joints' motion since `first` (unit rotations).
SplatCloud motion_since(const SplatCloud& first, const SplatCloud& joints);
/// d loss / d joints (positions, rotations) from d loss / d motion_since(first, joints), in place.
void pull_back_to_joints(const SplatCloud& first, SplatCloud& d_motion);

}  // namespace volumen::train
