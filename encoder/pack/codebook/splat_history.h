// One attribute of a segment's splats over time.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "encoder/pack/codebook/kmeans.h"
#include "formats/splats/cloud.h"

namespace volumen {

/// An attribute of each splat at each frame of a segment: vector splat · frames + frame.
struct SplatHistory {
    int frames = 1, dimensions = 1;
    std::vector<float> values;
    std::vector<float> weights;  ///< of errors in it, one a vector; none: all alike

    std::size_t splats() const { return values.size() / (std::size_t(frames) * std::size_t(dimensions)); }
    Vectors vectors() const { return {values, dimensions, weights}; }
};

/// The SH coefficients of one degree, (2 · degree + 1) × red, green, blue, and weight(cloud, splat) ≥ 0 for
/// each frame's splats. `frames`: one segment's, alike in count and SH degree, which is `degree` at least;
/// else throws InputError.
SplatHistory sh_history(std::span<const SplatCloud> frames, int degree,
                        const std::function<float(const SplatCloud&, std::size_t)>& weight);

/// A weight: opacity times the area of the splat's largest cross-section, e^(sum of the larger two
/// log-scales).
float opacity_times_area(const SplatCloud& cloud, std::size_t splat);

}  // namespace volumen
