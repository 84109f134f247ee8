// What a frame's change costs to code: the residual entropy loss of V³ (Wang et al. 2024, section 4.2).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "encoder/train/archive.h"
#include "encoder/train/v3/residual_bits.h"
#include "formats/splats/cloud.h"

namespace volumen::train {

/// The bits that the values of the atlas' planes (formats/stream/frame.h) take as changes since the frame
/// before, in the domain and the steps in which they are quantised, with uniform noise of one step for the
/// rounding. Mean and deviation of each plane's changes are learnt along. A position counts as far as it
/// moves otherwise than its block, whose own motion the side file carries.
class ResidualEntropy {
  public:
    /// Of a segment's first frame, rotations canonical (encoder/pack/rotation.h). `extent`: the take's, scene
    /// units. `steps`: one cell of the quantiser in steps of quality_settings(), more where the video's own
    /// quantiser is coarse.
    ResidualEntropy(const SplatCloud& first, float extent, float steps);

    /// The frame that later calls compare with.
    void rebase(const SplatCloud& previous);
    /// Adds weight · d bits a splat / d cloud to `gradients`, and takes a step on means and deviations.
    /// `draw` is the noise: another each call. Blocks' motions count as given.
    void operator()(const SplatCloud& cloud, float weight, std::uint64_t draw, SplatCloud& gradients);
    /// Bits a splat; without a draw, without noise.
    double bits(const SplatCloud& cloud, std::optional<std::uint64_t> draw = {}) const;

    /// What was learnt; the rest follows from the segment's first frame and the one before.
    void fields(Archive& archive);

    static constexpr std::size_t kEvery = 8;  ///< splats, of which a call looks at one

  private:
    /// A plane's values over the splats, and what comes of them.
    struct Plane {
        CellGaussian gaussian;
        float moments[4] = {};      ///< Adam's of mean and deviation, first and second of either
        std::vector<float> before;  ///< values of the frame before
        std::vector<float> step;    ///< one a block of a position's plane, else one
    };
    struct Look {
        std::vector<float> residuals, probabilities, d_residuals;
        CellGaussian::Gradient gradient;
    };
    std::vector<float> values(const SplatCloud& cloud, int plane) const;
    Look look(const SplatCloud& cloud, int plane, std::optional<std::uint64_t> draw) const;
    void learn(Plane& plane, const CellGaussian::Gradient& gradient) const;
    float step_of(int plane, std::size_t splat) const {
        const std::vector<float>& step = planes_[std::size_t(plane)].step;
        return step.size() == 1 ? step[0] : step[block_[splat]];
    }

    std::vector<std::uint32_t> order_;  ///< splats, block after block
    std::vector<std::uint32_t> block_;  ///< of each splat
    std::vector<Plane> planes_;
    std::size_t count_ = 0;
    std::uint64_t steps_taken_ = 0;
};

}  // namespace volumen::train
