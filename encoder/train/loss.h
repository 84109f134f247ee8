// Image losses with gradients.
#pragma once

#include <span>
#include <vector>

#include "formats/core/image.h"

namespace volumen::train {

/// (1 - lambda) · L1 + lambda · (1 - SSIM) / 1, means over pixels and colours; SSIM with the 11 × 11 Gaussian
/// window, σ 1.5, zero padding, C1 = 0.01², C2 = 0.03². Writes d loss / d render into `gradient` (reshaped).
/// `weight`, if not empty, is one value a pixel in [0, 1] (0: the pixel counts for nothing; SSIM terms and L1
/// terms alike). Where render and truth are the same over a whole window the cost is that of a comparison.
class ImageLoss {
  public:
    float operator()(const PlanarImage& render, const PlanarImage& truth, float lambda,
                     std::span<const float> weight, PlanarImage& gradient);

  private:
    std::vector<float> scratch_;
};

}  // namespace volumen::train
