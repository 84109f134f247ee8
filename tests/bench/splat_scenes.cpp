#include "tests/bench/splat_scenes.h"

#include <array>
#include <cmath>
#include <glm/gtc/quaternion.hpp>
#include <random>

namespace volumen::bench {

namespace {

constexpr float kBallFocal = 623.5f, kBallRows = 720;

class Random {
  public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    float normal() { return normal_(engine_); }
    float uniform() { return uniform_(engine_); }
    glm::vec3 direction() { return glm::normalize(glm::vec3(normal(), normal(), normal())); }

  private:
    std::mt19937 engine_;
    std::normal_distribution<float> normal_;
    std::uniform_real_distribution<float> uniform_{0, 1};
};

void put(SplatCloud& cloud, int channel, std::size_t i, glm::vec3 v) {
    for (int k = 0; k < 3; ++k) cloud.channel(channel + k)[i] = v[k];
}

void put(SplatCloud& cloud, std::size_t i, glm::quat q) {
    const float wxyz[4] = {q.w, q.x, q.y, q.z};
    for (int k = 0; k < 4; ++k) cloud.channel(SplatCloud::kRotation + k)[i] = wxyz[k];
}

/// Colour that does not depend on the direction, and a little that does.
void put_colour(SplatCloud& cloud, std::size_t i, glm::vec3 colour, float shine, Random& random) {
    constexpr float kSh0 = 0.28209479f;
    put(cloud, SplatCloud::kSh, i, (colour - 0.5f) / kSh0);
    for (int c = SplatCloud::kSh + 3; c < cloud.channels(); ++c)
        cloud.channel(c)[i] = shine * random.normal();
}

struct Limb {
    glm::vec3 from, to;
    float radius;
    glm::vec3 colour;
};

/// Metres, z up, in mid-stride.
constexpr std::array<Limb, 11> kFigure{{
    {{0, 0, 0.95f}, {0, 0, 1.4f}, 0.17f, {0.7f, 0.2f, 0.2f}},               // trunk
    {{0, 0, 1.62f}, {0, 0, 1.68f}, 0.11f, {0.8f, 0.6f, 0.5f}},              // head
    {{0, 0, 1.4f}, {0, 0, 1.6f}, 0.06f, {0.8f, 0.6f, 0.5f}},                // neck
    {{-0.22f, 0, 1.4f}, {-0.3f, 0.12f, 1.12f}, 0.05f, {0.7f, 0.2f, 0.2f}},  // arms
    {{-0.3f, 0.12f, 1.12f}, {-0.28f, -0.1f, 0.95f}, 0.04f, {0.8f, 0.6f, 0.5f}},
    {{0.22f, 0, 1.4f}, {0.3f, -0.08f, 1.12f}, 0.05f, {0.7f, 0.2f, 0.2f}},
    {{0.3f, -0.08f, 1.12f}, {0.28f, -0.3f, 1}, 0.04f, {0.8f, 0.6f, 0.5f}},
    {{-0.1f, 0, 0.92f}, {-0.12f, -0.25f, 0.5f}, 0.08f, {0.2f, 0.3f, 0.6f}},  // legs
    {{-0.12f, -0.25f, 0.5f}, {-0.12f, -0.1f, 0.05f}, 0.06f, {0.2f, 0.3f, 0.6f}},
    {{0.1f, 0, 0.92f}, {0.12f, 0.1f, 0.5f}, 0.08f, {0.2f, 0.3f, 0.6f}},
    {{0.12f, 0.1f, 0.5f}, {0.12f, 0.4f, 0.15f}, 0.06f, {0.2f, 0.3f, 0.6f}},
}};

}  // namespace

Scene ball_scene(std::size_t count, int width, int height, std::uint32_t seed) {
    Random random(seed);
    Scene scene{"ball", SplatCloud(count, 3), {}};
    SplatCloud& cloud = scene.cloud;
    for (std::size_t i = 0; i < count; ++i) {
        put(cloud, SplatCloud::kPosition, i, random.direction() * std::cbrt(random.uniform()));
        put(cloud, i, glm::quat(random.normal(), random.normal(), random.normal(), random.normal()));
        for (int k = 0; k < 3; ++k) cloud.channel(SplatCloud::kScale + k)[i] = -4.6f + 0.4f * random.normal();
        cloud.channel(SplatCloud::kOpacity)[i] = 1.5f * random.normal();
        put_colour(cloud, i, {random.uniform(), random.uniform(), random.uniform()}, 0.1f, random);
    }
    scene.camera = Camera::look_at({1, 1.414f, 1}, {0, 0, 0}, {0, 1, 0}, 0.7f, width, height);
    scene.camera.fx = scene.camera.fy = kBallFocal * float(height) / kBallRows;
    return scene;
}

Scene figure_scene(std::size_t count, int width, int height, std::uint32_t seed) {
    Random random(seed);
    Scene scene{"figure", SplatCloud(count, 1), {}};
    SplatCloud& cloud = scene.cloud;
    float area = 0;
    for (const Limb& limb : kFigure)
        area += limb.radius * (glm::length(limb.to - limb.from) + 2 * limb.radius);
    const float spacing = std::sqrt(2 * 3.14159f * area / float(count));
    for (std::size_t i = 0; i < count; ++i) {
        float place = random.uniform() * area;
        const Limb* limb = kFigure.data();
        for (const Limb& l : kFigure) {
            limb = &l;
            place -= l.radius * (glm::length(l.to - l.from) + 2 * l.radius);
            if (place < 0) break;
        }
        const glm::vec3 normal = random.direction();
        put(cloud, SplatCloud::kPosition, i,
            glm::mix(limb->from, limb->to, random.uniform()) + limb->radius * normal);
        // Flat along the normal: the local z axis turned into it.
        const glm::vec3 z{0, 0, 1};
        put(cloud, i, glm::normalize(glm::quat(1 + glm::dot(z, normal), glm::cross(z, normal))));
        const float side = std::log(0.8f * spacing) + 0.3f * random.normal();
        put(cloud, SplatCloud::kScale, i, {side, side + 0.2f * random.normal(), side - 2});
        cloud.channel(SplatCloud::kOpacity)[i] = 2 + random.normal();
        const float stripe = std::sin(40 * normal.z) > 0 ? 1.0f : 0.7f;
        put_colour(cloud, i, stripe * limb->colour, 0.05f, random);
    }
    scene.camera = Camera::look_at({1.5f, -2.2f, 1.1f}, {0, 0, 0.9f}, {0, 0, 1}, 0.7f, width, height);
    return scene;
}

}  // namespace volumen::bench
