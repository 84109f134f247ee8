// A small performer made of textured balls that move, ray-traced for tests: colours, masks and times are
// exact.
#pragma once

#include <cmath>
#include <glm/glm.hpp>
#include <numbers>
#include <vector>

#include "formats/core/camera.h"
#include "formats/core/image.h"

namespace volumen::balls {

struct Ball {
    glm::vec3 centre;
    float radius;
};

/// A body with two arms that swing unlike each other: no two moments look the same.
inline std::vector<Ball> performer(float frame) {
    const float a = 0.35f * frame, b = 0.23f * frame + 0.7f;
    return {{{0, 0, 0}, 0.34f},
            {{0, 0, 0.48f}, 0.2f},
            {{0.5f * std::cos(a), 0.5f * std::sin(a), 0.1f}, 0.14f},
            {{-0.5f * std::cos(b), 0.45f * std::sin(b), -0.15f + 0.3f * std::sin(a)}, 0.14f}};
}

/// Camera `index` of `count` on a ring around the origin, alternately lower and higher.
inline Camera camera(int index, int count, int size) {
    const float angle = 2 * std::numbers::pi_v<float> * float(index) / float(count);
    return Camera::look_at({3 * std::cos(angle), 3 * std::sin(angle), index % 2 ? 1.2f : -0.4f}, glm::vec3(0),
                           {0, 0, 1}, 0.6f, size, size);
}

/// What a camera sees, RGBA; colours are matte.
inline Image8 image(const std::vector<Ball>& performer, const Camera& camera) {
    constexpr int kSub = 2;
    Image8 out(camera.width, camera.height, 4);
    for (int y = 0; y < camera.height; ++y)
        for (int x = 0; x < camera.width; ++x) {
            glm::vec3 sum(0);
            int hits = 0;
            for (int s = 0; s < kSub * kSub; ++s) {
                const glm::vec3 ray((float(x) + (float(s % kSub) + 0.5f) / kSub - camera.cx) / camera.fx,
                                    (float(y) + (float(s / kSub) + 0.5f) / kSub - camera.cy) / camera.fy, 1);
                const glm::vec3 direction = glm::normalize(glm::transpose(camera.rotation) * ray),
                                eye = camera.centre();
                float nearest = 1e9f;
                glm::vec3 colour(0);
                for (const Ball& ball : performer) {
                    const glm::vec3 o = eye - ball.centre;
                    const float b = glm::dot(o, direction),
                                root = b * b - glm::dot(o, o) + ball.radius * ball.radius;
                    if (root < 0 || -b - std::sqrt(root) >= nearest) continue;
                    nearest = -b - std::sqrt(root);
                    const glm::vec3 p = o + nearest * direction;
                    for (int k = 0; k < 3; ++k)
                        colour[k] =
                            0.5f + 0.25f * std::sin(5 * p[k] + 4 * ball.centre.z * ball.radius + float(k));
                }
                if (nearest < 1e9f) sum += colour, ++hits;
            }
            if (hits == 0) continue;
            for (int k = 0; k < 3; ++k)
                out.at(x, y)[k] = std::uint8_t(std::lround(255 * sum[k] / float(hits)));
            out.at(x, y)[3] = std::uint8_t(255 * hits / (kSub * kSub));
        }
    return out;
}

/// Another exposure and white balance.
inline void tint(Image8& image, glm::vec3 gain) {
    for (std::size_t i = 0; i < image.pixels.size(); i += std::size_t(image.channels))
        for (int k = 0; k < 3; ++k)
            image.pixels[i + std::size_t(k)] = std::uint8_t(
                std::lround(std::min(gain[k] * float(image.pixels[i + std::size_t(k)]), 255.0f)));
}

}  // namespace volumen::balls
