// Image losses with gradients.
#pragma once

#include <span>
#include <vector>

#include "formats/core/image.h"

namespace volumen::train {

/// (1 - lambda) · L1 + lambda · (1 - SSIM), means over pixels and colours; SSIM with the 11 × 11 Gaussian
/// window, σ 1.5, zero padding, C1 = 0.01², C2 = 0.03². Writes d loss / d render into `gradient` (reshaped).
/// `weight`, if not empty, is one value a pixel in [0, 1]: the means over pixels are weighted means, of SSIM
/// and L1 alike, and the render counts for nothing at all where it is 0 (SSIM sees the truth there). Where
/// render and truth are the same over a whole window the cost is that of a comparison. Deterministic.
class ImageLoss {
  public:
    float operator()(const PlanarImage& render, const PlanarImage& truth, float lambda,
                     std::span<const float> weight, PlanarImage& gradient);

  private:
    std::vector<double> partial_;  ///< of each job
};

}  // namespace volumen::train
