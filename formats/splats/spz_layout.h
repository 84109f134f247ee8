// What reading and writing .spz share: the numbers of the format.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "formats/splats/cloud.h"

namespace volumen::spz {

inline constexpr std::uint32_t kMagic = 0x5053474e;  ///< "NGSP"
inline constexpr std::size_t kHeaderBytes = 16;      ///< of versions 2 and 3
/// Positions have 24 bits, one of them the sign.
inline constexpr int kPositionBits = 24;
/// Colour 0 … 255 spans this many units of the base coefficient, divided by it.
inline constexpr float kColourScale = 0.15f;
/// Log-scales: sixteenths above this one.
inline constexpr float kLeastLogScale = -10, kLogScaleSteps = 16;
/// SH beyond the base colour: 128ths around this byte.
inline constexpr float kShZero = 128, kShSteps = 128;
/// Three components of a rotation have a sign and this many bits of their size over 1 / √2.
inline constexpr int kRotationBits = 9;
inline constexpr std::uint32_t kRotationMax = (1u << kRotationBits) - 1;

/// Turning right-up-back to right-down-forward, or back, is half a turn about x: y, z and what is odd in y
/// and z together changes its sign.
inline constexpr std::array<float, 3> kAxisSign{1, -1, -1};
inline constexpr std::array<float, 15> kShSign{-1, -1, 1,                  // y, z, x
                                               -1, 1,  1,  -1, 1,          // xy, yz, 3z²-1, xz, x²-y²
                                               -1, 1,  -1, -1, 1, -1, 1};  // y(3x²-y²), xyz, y(5z²-1), …

inline constexpr std::size_t sh_values(int degree) {
    return 3 * std::size_t(sh_coefficients(degree) - 1);
}

}  // namespace volumen::spz
