// Gradients that are measured.
#pragma once

#include <functional>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen::train {

/// Central differences: d value / d channel of every `stride`-th splat of `at`, whose parameters go up and
/// down by `step`.
inline std::vector<double> central_differences(SplatCloud at, int channel, std::size_t stride, float step,
                                               const std::function<double(const SplatCloud&)>& value) {
    std::vector<double> out;
    for (std::size_t i = 0; i < at.count; i += stride) {
        float& x = at.channel(channel)[i];
        const float before = x;
        x = before + step;
        const double up = value(at);
        x = before - step;
        const double down = value(at);
        x = before;
        out.push_back((up - down) / (2.0 * double(step)));
    }
    return out;
}

}  // namespace volumen::train
