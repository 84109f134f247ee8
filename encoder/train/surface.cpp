#include "encoder/train/surface.h"

#include <algorithm>
#include <cmath>

namespace volumen::train {
namespace {

constexpr float kFlat = 0.1f;  ///< least axis of a disc, in middle axes

}  // namespace

float flat_term(const SplatCloud& cloud, float weight, SplatCloud& gradients) {
    const float pull = weight / float(cloud.count);
    float sum = 0;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        int axes[3] = {0, 1, 2};
        const auto log_scale = [&](int axis) { return cloud.channel(SplatCloud::kScale + axis)[i]; };
        std::sort(axes, axes + 3, [&](int a, int b) { return log_scale(a) < log_scale(b); });
        if (log_scale(axes[0]) < log_scale(axes[1]) + std::log(kFlat)) continue;
        const float axis = pull * std::exp(log_scale(axes[0]));
        sum += axis;
        gradients.channel(SplatCloud::kScale + axes[0])[i] += axis;
    }
    return sum;
}

}  // namespace volumen::train
