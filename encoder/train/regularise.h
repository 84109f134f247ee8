// What keeps a frame's splats close to the frame before: rigidity among neighbours, and a temporal term.
#pragma once

#include <span>
#include <vector>

#include "encoder/neighbours.h"
#include "formats/splats/cloud.h"

namespace volumen::train {

/// As-rigid-as-possible motion over nearest neighbours (DualGS's rigid term):
/// mean over pairs i, k of w_ik |R_i (x_i - x_k)(t-1) - (x_i - x_k)(t)|² / s_i², with R_i = q_i(t)
/// q_i(t-1)⁻¹, s_i the splat's neighbour spacing and w_ik falling with the pair's distance.
class RigidTerm {
  public:
    static constexpr int kNeighbours = 8;

    /// Neighbours are found here, at a segment's first frame, and stay.
    explicit RigidTerm(const SplatCloud& cloud);
    /// The frame that later calls compare with. Pairs that have drifted apart lose their weight.
    void rebase(const SplatCloud& previous);
    /// Adds weight · term's gradient (positions and rotations) to `gradients`; returns weight · term.
    float operator()(const SplatCloud& cloud, float weight, SplatCloud& gradients);

  private:
    Neighbours near_;
    std::vector<float> pair_weight_;                      ///< w_ik / s_i², at the first frame
    std::vector<float> length_;                           ///< squared, at the first frame
    std::vector<std::uint32_t> reverse_start_, reverse_;  ///< for each splat, the pairs whose k it is
    SplatCloud previous_;
    std::vector<float> weight_now_;
    std::vector<glm::vec3> edge_;  ///< (x_i - x_k)(t-1) of each pair
    std::vector<glm::vec3> pull_;  ///< gradient with respect to x_i of each pair
    std::vector<float> energy_;
};

/// Σ over channels of weights[c] · mean |value - previous|; adds the (sub)gradient, returns the term.
float temporal_term(const SplatCloud& cloud, const SplatCloud& previous, std::span<const float> weights,
                    SplatCloud& gradients);

/// opacity_weight · mean opacity + size_weight · mean axis (exp of log-scale); adds the gradient, returns the
/// term.
float shrink_term(const SplatCloud& cloud, float opacity_weight, float size_weight, SplatCloud& gradients);

}  // namespace volumen::train
