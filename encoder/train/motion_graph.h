// The coarse motion model: a sparse embedded-deformation graph (Sumner et al. 2007) with ARAP regularisation.
#pragma once

#include <vector>

#include "encoder/neighbours.h"
#include "formats/splats/cloud.h"

namespace volumen::train {

/// Nodes are chosen among the splats at a segment's first frame and stay the same splats after it. A motion
/// is a cloud of one splat a node (SH 0), of which position is the node's translation and rotation its
/// quaternion, so that Adam steps it as it does splats.
class MotionGraph {
  public:
    static constexpr int kNodesPerSplat = 4, kNodeEdges = 6, kCandidates = 12;

    /// Farthest-point sampling among the opaque splats.
    MotionGraph(const SplatCloud& cloud, int nodes);

    /// Takes the frame that motions start from. Splats hang on the nodes that have stayed nearest over all
    /// frames seen so far: parts that touch now and part later are not tied together.
    void rebase(const SplatCloud& cloud);

    std::size_t nodes() const { return node_splat_.size(); }
    glm::vec3 node(std::size_t k) const { return node_[k]; }  ///< its place in the base frame
    float spacing() const { return spacing_; }
    SplatCloud still() const;  ///< the motion that moves nothing

    /// x' = Σ w_k (R_k (x - g_k) + g_k + t_k), q' = (Σ w_k q_k) q; everything else as in the base frame.
    void warp(const SplatCloud& motion, SplatCloud& out) const;
    /// d loss / d motion from d loss / d warped cloud; overwrites `d_motion`.
    void pull_back(const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_motion) const;
    /// weight · mean over edges j→k of |R_j (g_k - g_j) + g_j + t_j - (g_k + t_k)|² / spacing²; adds its
    /// gradient.
    float arap(const SplatCloud& motion, float weight, SplatCloud& d_motion) const;

  private:
    void bind();

    std::vector<std::uint32_t> node_splat_;
    Neighbours candidates_;             ///< of each splat, among the nodes
    std::vector<float> farthest_;       ///< squared, of each candidate, over all frames so far
    std::vector<std::uint32_t> edges_;  ///< nodes × kNodeEdges candidates, see edge_count_
    std::vector<float> edge_farthest_;
    int edge_count_ = 0;
    float spacing_ = 1;

    SplatCloud base_;
    std::vector<glm::vec3> node_;       ///< positions in the base frame
    std::vector<std::uint32_t> bound_;  ///< splats × bound_count_
    std::vector<float> weight_;
    int bound_count_ = 0;
};

}  // namespace volumen::train
