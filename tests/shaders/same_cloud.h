// Whether the device made the splats that the processor makes.
#pragma once

#include <doctest/doctest.h>

#include <cmath>

#include "formats/splats/cloud.h"

namespace volumen::test {

/// Geometry to float's precision, SH to that of halves, or to the bars.
inline void check_same(const SplatCloud& got, const SplatCloud& expected, float geometry_bar = 1e-5f,
                       float sh_bar = 1e-5f) {
    REQUIRE(got.count == expected.count);
    REQUIRE(got.sh_degree == expected.sh_degree);
    for (int c = 0; c < expected.channels(); ++c)
        for (std::size_t i = 0; i < expected.count; ++i) {
            const float value = expected.channel(c)[i], error = std::abs(got.channel(c)[i] - value);
            const float bar = c < SplatCloud::kSh ? geometry_bar * (1 + std::abs(value))  // float
                                                  : 5e-4f * std::abs(value) + sh_bar;     // half
            if (!(error <= bar))
                FAIL("channel " << c << " of splat " << i << ": " << error << " off " << value);
        }
}

}  // namespace volumen::test
