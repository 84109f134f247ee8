// Clouds and cameras for the tests of the trainer's core.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "formats/core/camera.h"
#include "formats/splats/cloud.h"

namespace scenes {

using Random = std::mt19937;

float uniform(Random& random, float low, float high);

/// Splats of all shapes and opacities around the origin, some of their colours clamped at 0, quaternions of
/// any length.
volumen::SplatCloud ball(Random& random, std::size_t count, int sh_degree);

/// Looks at the origin from 3 units away, from no special direction; the principal point is off the middle.
volumen::Camera camera(int width, int height);

std::vector<double> to_double(std::span<const float> values);
std::vector<float> noise(Random& random, std::size_t count, float low, float high);

}  // namespace scenes
