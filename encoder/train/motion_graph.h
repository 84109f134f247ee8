// The coarse motion model: a sparse embedded-deformation graph (Sumner et al. 2007) with ARAP regularisation.
#pragma once

#include <span>
#include <vector>

#include "encoder/neighbours.h"
#include "encoder/train/skinning.h"

namespace volumen::train {

/// `count` of the `eligible` points, far from each other: farthest-point sampling, from the first on.
std::vector<std::uint32_t> farthest_points(std::span<const glm::vec3> points,
                                           std::span<const std::uint32_t> eligible, std::size_t count);

/// Nodes are chosen among the splats at a segment's first frame and stay the same splats after it. Motions
/// are those of Skinning.
class MotionGraph {
  public:
    static constexpr int kNodesPerSplat = 4, kNodeEdges = 6, kCandidates = 12;

    /// Farthest-point sampling among the opaque splats, or among all where those are too few.
    MotionGraph(const SplatCloud& cloud, int nodes);

    /// Takes the frame that motions start from. Splats hang on the nodes that have stayed nearest over all
    /// frames seen so far: parts that touch now and part later are not tied together.
    void rebase(const SplatCloud& cloud);

    std::size_t nodes() const { return node_splat_.size(); }
    /// Its place in the base frame.
    glm::vec3 node(std::size_t k) const { return skinning_.nodes()[k]; }
    float spacing() const { return spacing_; }
    SplatCloud still() const { return skinning_.still(); }

    /// As Skinning does, from the base frame.
    void warp(const SplatCloud& motion, SplatCloud& out) const { skinning_.warp(motion, out); }
    void pull_back(const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_motion) const {
        skinning_.pull_back(motion, d_cloud, d_motion);
    }
    /// weight · mean over edges j→k of |R_j (g_k - g_j) + g_j + t_j - (g_k + t_k)|² / spacing²; adds its
    /// gradient.
    float arap(const SplatCloud& motion, float weight, SplatCloud& d_motion) const;

  private:
    Anchors bind(std::size_t splats) const;

    std::vector<std::uint32_t> node_splat_;
    Neighbours candidates_;             ///< of each splat, among the nodes
    std::vector<float> farthest_;       ///< squared, of each candidate, over all frames so far
    std::vector<std::uint32_t> edges_;  ///< nodes × kNodeEdges candidates, see edge_count_
    std::vector<float> edge_farthest_;
    int edge_count_ = 0;
    float spacing_ = 1;
    Skinning skinning_;
};

}  // namespace volumen::train
