// Made-up takes: a figure of turning ellipsoids, covered with flat splats.
#pragma once

#include <cmath>
#include <filesystem>
#include <glm/glm.hpp>
#include <glm/gtc/quaternion.hpp>
#include <glm/gtx/quaternion.hpp>
#include <random>
#include <vector>

#include "encoder/model.h"
#include "formats/splats/ply.h"

namespace volumen {

/// `count` splats on six limbs that swing, at frame `frame`; splat i is the same splat in every frame. Noise
/// as training leaves it: `jitter` scene units from frame to frame.
inline SplatCloud synthetic_cloud(std::size_t count, int sh_degree, int frame, unsigned seed,
                                  float jitter = 0.0002f) {
    constexpr int kLimbs = 6;
    std::mt19937 same(seed), fresh(seed * 7919 + unsigned(frame));
    // Distributions keep every other number for later: each engine has one of its own.
    std::normal_distribution<float> normal, fresh_normal;
    SplatCloud cloud(count, sh_degree);
    const auto put = [&](std::size_t i, int channel, float v) { cloud.channel(channel)[i] = v; };
    for (std::size_t i = 0; i < count; ++i) {
        const int limb = int(i % kLimbs);
        const glm::vec3 direction = glm::normalize(glm::vec3(normal(same), normal(same), normal(same)));
        const float swing = 0.6f * std::sin(float(frame) * 0.2f + float(limb));
        const glm::quat turn = glm::angleAxis(swing, glm::normalize(glm::vec3(1, float(limb) * 0.3f, 0)));
        const glm::vec3 joint(0.3f * float(limb % 3) - 0.3f, 0, 0.6f + 0.7f * float(limb / 3));
        const glm::vec3 p =
            joint + turn * (direction * glm::vec3(0.12f, 0.1f, 0.35f) - glm::vec3(0, 0, 0.3f));
        const glm::quat q = turn * glm::rotation(glm::vec3(0, 0, 1), direction) *
                            glm::angleAxis(normal(same), glm::vec3(0, 0, 1));
        for (int a = 0; a < 3; ++a) put(i, SplatCloud::kPosition + a, p[a] + jitter * fresh_normal(fresh));
        put(i, 3, q.w), put(i, 4, q.x), put(i, 5, q.y), put(i, 6, q.z);
        for (int a = 0; a < 3; ++a)
            put(i, SplatCloud::kScale + a,
                (a == 2 ? -7.0f : -4.5f) + 0.4f * normal(same) + 0.01f * fresh_normal(fresh));
        put(i, SplatCloud::kOpacity, 2 + 2 * normal(same) + 0.05f * fresh_normal(fresh));
        for (int k = 0; k < 3 * sh_coefficients(sh_degree); ++k) {
            const float pattern = std::sin(9 * direction.x + float(k)) * std::cos(7 * direction.z);
            put(i, SplatCloud::kSh + k,
                k < 3 ? pattern + 0.1f * normal(same) : 0.1f * normal(same) + 0.005f * fresh_normal(fresh));
        }
    }
    return cloud;
}

/// Writes a model: segments of the given lengths, each with `count` splats of its own.
inline ModelInfo write_synthetic_model(const std::filesystem::path& folder, std::size_t count, int sh_degree,
                                       const std::vector<int>& segments, unsigned seed) {
    std::filesystem::create_directories(folder);
    ModelInfo info;
    info.sh_degree = sh_degree;
    info.take.bounds_min = {-0.7f, -0.5f, 0};
    info.take.bounds_max = {0.7f, 0.5f, 1.8f};
    int frame = 0;
    for (const int length : segments) {
        info.segments.push_back({frame, length});
        for (int i = 0; i < length; ++i, ++frame)
            write_ply(model_frame_path(folder, frame),
                      synthetic_cloud(count, sh_degree, frame, seed + unsigned(info.segments.size())));
    }
    write_model_info(folder, info);
    return info;
}

}  // namespace volumen
