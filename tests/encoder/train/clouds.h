// Clouds to take gradients of, and the check of these.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <random>

#include "encoder/train/photometric.h"
#include "tests/encoder/train/gradients.h"

namespace volumen::train {

/// A bent sheet of splats: neighbours are plain, nothing coincides.
inline SplatCloud sheet(int side, std::mt19937_64& random) {
    SplatCloud cloud(std::size_t(side) * side, 0);
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            const std::size_t i = std::size_t(y) * side + x;
            cloud.channel(0)[i] = 0.1f * float(x) + 0.01f * normal(random);
            cloud.channel(1)[i] = 0.1f * float(y) + 0.01f * normal(random);
            cloud.channel(2)[i] = 0.05f * std::sin(float(x)) + 0.01f * normal(random);
            for (int a = 0; a < 4; ++a)
                cloud.channel(SplatCloud::kRotation + a)[i] = normal(random) + (a == 0 ? 2.0f : 0.0f);
            cloud.channel(SplatCloud::kOpacity)[i] = 1;
        }
    return cloud;
}

/// Checks d value / d parameters for a few channels of every splat's worth of `at`.
inline void check_gradient(const SplatCloud& at, const SplatCloud& gradient, std::initializer_list<int> channels,
                    std::size_t stride, const std::function<double(const SplatCloud&)>& value) {
    constexpr float kStep = 2e-3f;
    double largest = 0, error = 0;
    for (const int c : channels) {
        const std::vector<double> measured = central_differences(at, c, stride, kStep, value);
        for (std::size_t k = 0; k < measured.size(); ++k) {
            largest = std::max(largest, std::abs(measured[k]));
            error = std::max(error, std::abs(measured[k] - double(gradient.channel(c)[k * stride])));
        }
    }
    CAPTURE(largest);
    CHECK(largest > 0);
    CHECK(error < 0.01 * largest);
}

inline void jitter(SplatCloud& cloud, std::initializer_list<int> channels, float amount, std::mt19937_64& random) {
    for (const int c : channels)
        for (float& v : cloud.channel(c)) v += amount * normal(random);
}

}  // namespace volumen::train
