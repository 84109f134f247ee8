// A renderer in double precision, as plain as the formulas: what the shaders are held against.
#pragma once

#include "formats/core/camera.h"
#include "formats/core/image.h"
#include "formats/splats/cloud.h"
#include "shaders/renderer.h"

namespace volumen::test {

/// RGBA in [0, 255], not rounded: colour over the background, and coverage.
struct ReferenceImage {
    int width = 0, height = 0;
    std::vector<double> values;
};

ReferenceImage render_reference(const SplatCloud& cloud, const Camera& camera,
                                const RenderSettings& settings);

/// PSNR in dB over all four channels; `image` has the reference's size.
double psnr(const Image8& image, const ReferenceImage& reference);

}  // namespace volumen::test
