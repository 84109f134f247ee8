// What the compact splat formats share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace volumen {

/// The SH basis function of degree 0: 1 / (2 √π).
inline constexpr float kShConstant = 0.28209479177387814f;

/// The opacity logit of an alpha of byte / 255. The ends, where it is infinite, become a quarter of a step
/// away from them.
inline float logit_of_byte(std::uint8_t byte) {
    const float alpha = std::clamp(float(byte), 0.25f, 254.75f) / 255;
    return std::log(alpha / (1 - alpha));
}

}  // namespace volumen
