// The image model and the image loss once more: plain, in double, pixel by pixel. What the SIMD code is held
// against.
#pragma once

#include <vector>

#include "encoder/train/rasteriser.h"

namespace reference {

struct Image {
    std::vector<double> colour;  ///< three planes
    std::vector<double> alpha;
};

/// Parameters as in SplatCloud::values.
Image render(const std::vector<double>& values, std::size_t count, int sh_degree,
             const volumen::Camera& camera, const volumen::train::RasterSettings& settings);

/// (1 - lambda) L1 + lambda (1 - SSIM) of three planes each. `weight` may be empty.
double image_loss(const std::vector<double>& render, const std::vector<double>& truth, int width, int height,
                  double lambda, const std::vector<double>& weight);

}  // namespace reference
