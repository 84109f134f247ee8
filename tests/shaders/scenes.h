// Random clouds for tests.
#pragma once

#include <cmath>
#include <random>

#include "formats/splats/cloud.h"

namespace volumen::test {

struct CloudParams {
    std::size_t count = 300;
    int sh_degree = 3;
    float radius = 1;             ///< positions: uniform in a cube of this half side
    float log_scale = -2.5f;      ///< mean; deviation 0.6
    float opacity_deviation = 2;  ///< of the logit
};

inline SplatCloud random_cloud(std::uint32_t seed, const CloudParams& params = {}) {
    std::mt19937 random{seed};
    std::uniform_real_distribution<float> uniform{-1, 1};
    std::normal_distribution<float> normal;
    SplatCloud cloud(params.count, params.sh_degree);
    for (std::size_t i = 0; i < params.count; ++i) {
        for (int k = 0; k < 3; ++k) cloud.channel(k)[i] = params.radius * uniform(random);
        for (int k = 0; k < 4; ++k) cloud.channel(SplatCloud::kRotation + k)[i] = normal(random);
        for (int k = 0; k < 3; ++k)
            cloud.channel(SplatCloud::kScale + k)[i] = params.log_scale + 0.6f * normal(random);
        cloud.channel(SplatCloud::kOpacity)[i] = params.opacity_deviation * normal(random);
        for (int c = SplatCloud::kSh; c < cloud.channels(); ++c)
            cloud.channel(c)[i] = (c < SplatCloud::kSh + 3 ? 1.0f : 0.2f) * normal(random);
    }
    return cloud;
}

}  // namespace volumen::test
