// The likelihood of residuals under a Gaussian, with its gradient. SIMD.
#pragma once

#include <span>

namespace volumen::train {

/// A Gaussian that was convolved with the quantiser's cell gives a residual r, in cells, the probability
/// p = Φ((r + ½ - mean) / deviation) - Φ((r - ½ - mean) / deviation); it costs -log2 p bits (Ballé et al.
/// 2017). Below kLeastLikely nothing pulls any more.
struct CellGaussian {
    static constexpr float kLeastLikely = 1e-18f;
    float mean = 0, log_deviation = 0;

    struct Gradient {
        double mean = 0, log_deviation = 0;
    };
    /// Fills in the probabilities and d bits / d residual, one a residual, and returns the sums of d bits /
    /// d mean and d log_deviation. erfc is that of Abramowitz & Stegun 7.1.26 (1.5e-7).
    Gradient operator()(std::span<const float> residuals, std::span<float> probabilities,
                        std::span<float> d_residuals) const;
};

}  // namespace volumen::train
