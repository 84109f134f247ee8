// The player's renderer (Vulkan) against the trainer's (CPU): two implementations of one image model.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "encoder/train/rasteriser.h"
#include "shaders/renderer.h"
#include "tests/shaders/device.h"

using namespace volumen;
using test::device;

namespace {

constexpr std::uint64_t kSeed = 11;
constexpr double kOracleDecibels = 50;

SplatCloud random_cloud(std::size_t count, int sh_degree, std::mt19937_64& random) {
    std::normal_distribution<float> normal;
    SplatCloud cloud(count, sh_degree);
    for (int c = 0; c < cloud.channels(); ++c)
        for (float& v : cloud.channel(c)) v = normal(random);
    for (int a = 0; a < 3; ++a) {
        for (float& v : cloud.channel(SplatCloud::kPosition + a)) v *= 0.5f;
        for (float& v : cloud.channel(SplatCloud::kScale + a)) v = -3.2f + 0.6f * v;
    }
    for (int c = SplatCloud::kSh + 3; c < cloud.channels(); ++c)
        for (float& v : cloud.channel(c)) v *= 0.3f;
    return cloud;
}

double psnr(const Image8& gpu, const PlanarImage& cpu) {
    double error = 0;
    for (int c = 0; c < 3; ++c)
        for (std::size_t i = 0; i < cpu.area(); ++i) {
            const double level = std::round(255 * std::clamp(double(cpu.plane(c)[i]), 0.0, 1.0));
            error += std::pow(level - gpu.pixels[4 * i + std::size_t(c)], 2);
        }
    return 10 * std::log10(255 * 255 * double(cpu.values.size()) / std::max(error, 1e-9));
}

}  // namespace

TEST_CASE("the player's renderer and the trainer's show the same") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    Renderer renderer(device());
    train::Rasteriser rasteriser;
    for (int degree = 0; degree <= kMaxShDegree; ++degree)
        for (const bool compensate : {false, true}) {
            const SplatCloud cloud = random_cloud(3000, degree, random);
            Camera camera = Camera::look_at({2.2f, -1.4f, 0.8f}, glm::vec3(0), {0, 0, 1}, 0.8f, 317, 233);
            camera.cx += 21.5f, camera.cy -= 13.25f;
            const glm::vec3 background(0.2f, 0.6f, 0.9f);
            renderer.set_cloud(cloud);
            const Image8 gpu = renderer.render(camera, {.background = background, .compensate = compensate});
            const PlanarImage& cpu =
                rasteriser.forward(cloud, camera, {.background = background, .compensate = compensate});
            const double decibels = psnr(gpu, cpu);
            MESSAGE("SH " << degree << ", compensated " << compensate << ": " << decibels << " dB");
            CHECK(decibels >= kOracleDecibels);
        }
    CHECK(device().validation_messages() == 0);
}

TEST_CASE("inside the cloud, splats at the camera's nose") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    Renderer renderer(device());
    train::Rasteriser rasteriser;
    const SplatCloud cloud = random_cloud(2000, 1, random);
    const Camera camera = Camera::look_at({0.1f, 0.2f, 0.1f}, {1, 1, 0.3f}, {0, 0, 1}, 1.2f, 160, 120);
    renderer.set_cloud(cloud);
    const Image8 gpu = renderer.render(camera, {});
    CHECK(psnr(gpu, rasteriser.forward(cloud, camera, {})) >= kOracleDecibels);
    CHECK(device().validation_messages() == 0);
}
