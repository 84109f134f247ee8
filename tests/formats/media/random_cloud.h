// Clouds for the tests of splat files, and how far two of them are apart.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "formats/core/error.h"
#include "formats/splats/read_splats.h"
#include "tests/formats/media/splat_writers.h"

namespace volumen {

inline SplatCloud random_cloud(std::size_t count, int degree, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> unit(-0.9f, 0.9f);
    SplatCloud cloud(count, degree);
    for (float& v : cloud.values) v = unit(random);
    for (int a = 0; a < 3; ++a)
        for (float& v : cloud.channel(SplatCloud::kScale + a)) v = -4 + normal(random);
    for (int q = 0; q < 4; ++q)
        for (float& v : cloud.channel(SplatCloud::kRotation + q)) v = normal(random);
    for (float& v : cloud.channel(SplatCloud::kOpacity)) v = 2 * normal(random);
    return cloud;
}

inline SplatFile parse_text(const std::string& text, const std::string& name) {
    return parse_splats({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, name);
}

/// What parse_text() refuses it with; empty: it does not.
inline std::string complaint(const std::string& text, const std::string& name) {
    try {
        parse_text(text, name);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

/// Largest difference of a channel, rotations as angles' sines.
struct Difference {
    float position = 0, scale = 0, alpha = 0, colour = 0, rotation = 0, detail = 0;
};
inline Difference compare(const SplatCloud& a, const SplatCloud& b) {
    REQUIRE(a.count == b.count);
    Difference d;
    const auto far = [&](int c, std::size_t i) { return std::abs(a.channel(c)[i] - b.channel(c)[i]); };
    for (std::size_t i = 0; i < a.count; ++i) {
        for (int k = 0; k < 3; ++k) {
            d.position = std::max(d.position, far(k, i));
            d.scale = std::max(d.scale, far(SplatCloud::kScale + k, i));
            d.colour = std::max(d.colour, far(SplatCloud::kSh + k, i));
        }
        const auto alpha = [&](const SplatCloud& c) {
            return 1 / (1 + std::exp(-c.channel(SplatCloud::kOpacity)[i]));
        };
        d.alpha = std::max(d.alpha, std::abs(alpha(a) - alpha(b)));
        const std::vector<double> p = xyzw(a, i), q = xyzw(b, i);
        const double dot = p[0] * q[0] + p[1] * q[1] + p[2] * q[2] + p[3] * q[3];
        d.rotation = std::max(d.rotation, float(std::sqrt(std::max(0.0, 1 - dot * dot))));
        for (int c = SplatCloud::kSh + 3; c < std::min(a.channels(), b.channels()); ++c)
            d.detail = std::max(d.detail, far(c, i));
    }
    return d;
}

}  // namespace volumen
