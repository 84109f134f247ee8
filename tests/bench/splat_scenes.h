// Generated scenes for measuring the renderer.
#pragma once

#include <string>
#include <vector>

#include "formats/core/camera.h"
#include "formats/splats/cloud.h"

namespace volumen::bench {

struct Scene {
    std::string name;
    SplatCloud cloud;
    Camera camera;
};

/// `count` splats uniform in a unit ball, SH 3, log-scales −4.6 ± 0.4, opacity logit N(0, 1.5), random
/// rotations; seen from (1, 1.414, 1) with a focal length of 623.5 pixels at 720 rows.
Scene ball_scene(std::size_t count, int width, int height, std::uint32_t seed);

/// `count` opaque, flat splats on the skin of a walking figure of capsules, SH 1, 1.8 units tall, which fills
/// most of the image's height.
Scene figure_scene(std::size_t count, int width, int height, std::uint32_t seed);

}  // namespace volumen::bench
