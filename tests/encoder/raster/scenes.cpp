#include "tests/encoder/raster/scenes.h"

namespace scenes {

float uniform(Random& random, float low, float high) {
    // Not std::uniform_real_distribution: that may differ from library to library.
    return low + (high - low) * float(random() >> 8) * (1.0f / float(1 << 24));
}

volumen::SplatCloud ball(Random& random, std::size_t count, int sh_degree) {
    volumen::SplatCloud cloud(count, sh_degree);
    const auto fill = [&](int channel, float low, float high) {
        for (float& v : cloud.channel(channel)) v = uniform(random, low, high);
    };
    for (int k = 0; k < 3; ++k) fill(volumen::SplatCloud::kPosition + k, -0.6f, 0.6f);
    for (int k = 0; k < 4; ++k) fill(volumen::SplatCloud::kRotation + k, -1.5f, 1.5f);
    for (int k = 0; k < 3; ++k) fill(volumen::SplatCloud::kScale + k, -3.5f, -1.5f);
    fill(volumen::SplatCloud::kOpacity, -2, 4);
    for (int c = volumen::SplatCloud::kSh; c < cloud.channels(); ++c)
        fill(c, c < volumen::SplatCloud::kSh + 3 ? -2.0f : -0.4f,
             c < volumen::SplatCloud::kSh + 3 ? 2.0f : 0.4f);
    return cloud;
}

volumen::Camera camera(int width, int height) {
    volumen::Camera camera = volumen::Camera::look_at({1.4f, -2.3f, 1.1f}, {0.05f, 0, -0.05f},
                                                      {0.1f, 0.05f, 1}, 0.7f, width, height);
    camera.cx += 1.7f, camera.cy -= 2.2f, camera.fy *= 1.08f;
    return camera;
}

std::vector<double> to_double(std::span<const float> values) {
    return {values.begin(), values.end()};
}

std::vector<float> noise(Random& random, std::size_t count, float low, float high) {
    std::vector<float> out(count);
    for (float& v : out) v = uniform(random, low, high);
    return out;
}

}  // namespace scenes
