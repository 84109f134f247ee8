// What makes two splats comparable.
#pragma once

#include <array>
#include <cstddef>
#include <glm/glm.hpp>
#include <span>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen {

/// Of a splat, whatever its quaternion's sign and the order of its axes: the logarithm of its covariance's
/// square root (six entries, those off the diagonal × √2), alpha, and the base colour's three coefficients.
inline constexpr std::size_t kAppearances = 10;
using Appearance = std::array<float, kAppearances>;

std::vector<glm::vec3> positions_of(const SplatCloud& cloud);
std::vector<Appearance> appearances_of(const SplatCloud& cloud);
/// Without what turns with a limb: the scales' logarithms in order of size, three zeros, alpha, colour.
std::vector<Appearance> lasting_appearances_of(const SplatCloud& cloud);

/// How much neighbours in space differ: the unit of differences between frames.
struct Spread {
    float spacing = 0;        ///< median distance to the nearest splat, scene units
    Appearance appearance{};  ///< median difference from the nearest splat, never zero
    /// Of the appearance difference from the nearest splat, in these units.
    float neighbour_distance = 0;
};
/// From a sample. One splat alone has a spread of one unit.
Spread measure_spread(std::span<const glm::vec3> positions, std::span<const Appearance> appearances);

/// Squared difference in units of `spread`, each component counting as at most nine: one that is wholly
/// different shall not outvote the others.
float appearance_distance(const Appearance& a, const Appearance& b, const Spread& spread);

/// Every n-th index, so that about `wanted` of `count` are named.
std::vector<std::size_t> every_nth(std::size_t count, std::size_t wanted);

}  // namespace volumen
