#include "player/inspect/pick.h"

#include <cmath>

#include "tests/shaders/device.h"
#include "tests/shaders/scenes.h"

using namespace volumen;

namespace {

const Camera kCamera = Camera::look_at({0, -4, 0}, {0, 0, 0}, {0, 0, 1}, 0.8f, 101, 75);

/// Round, of `scale` units, opaque to a logit.
void put(SplatCloud& cloud, std::size_t i, glm::vec3 place, float scale, float logit) {
    for (int k = 0; k < 3; ++k) {
        cloud.channel(k)[i] = place[k];
        cloud.channel(SplatCloud::kScale + k)[i] = std::log(scale);
    }
    cloud.channel(SplatCloud::kRotation)[i] = 1;
    cloud.channel(SplatCloud::kOpacity)[i] = logit;
}

}  // namespace

TEST_CASE("the splats of a pixel come front to back, with what each shows") {
    SplatCloud cloud(4, 0);
    put(cloud, 0, {0, 1, 0}, 0.2f, 0);      // behind
    put(cloud, 1, {0, -1, 0}, 0.2f, 0);     // in front, half opaque
    put(cloud, 2, {1.2f, 0, 0}, 0.05f, 5);  // beside
    put(cloud, 3, {0, 0, 0}, 0.2f, -9);     // too faint
    const glm::dvec2 middle{kCamera.cx, kCamera.cy};
    const std::vector<Hit> hits = splats_at(cloud, kCamera, {}, middle);
    REQUIRE(hits.size() == 2);
    CHECK(hits[0].splat == 1);
    CHECK(hits[0].key == doctest::Approx(3));
    CHECK(hits[0].alpha == doctest::Approx(0.5));
    CHECK(hits[0].share == doctest::Approx(0.5));
    CHECK(hits[1].splat == 0);
    CHECK(hits[1].share == doctest::Approx(0.25));
    CHECK(splats_at(cloud, kCamera, {}, {2, 2}).empty());
}

TEST_CASE("what is full hides what lies behind") {
    SplatCloud cloud(5, 0);
    for (std::size_t i = 0; i < 5; ++i) put(cloud, i, {0, float(i) * 0.2f, 0}, 0.3f, 20);
    const auto hits = splats_at(cloud, kCamera, {}, {kCamera.cx, kCamera.cy});
    REQUIRE(hits.size() == 1);  // 0.99 of it; the next would leave a transmittance below the least
    CHECK(hits[0].share == doctest::Approx(0.99));
}

TEST_CASE("opacities by picking are those of the renderer") {
    const std::uint32_t seed = 7;
    CAPTURE(seed);
    const SplatCloud cloud = test::random_cloud(seed, {.count = 300});
    const test::Silence silence;
    Renderer renderer(test::device());
    renderer.set_cloud(cloud);
    for (const bool compensate : {false, true}) {
        const RenderSettings settings{.compensate = compensate};
        const Image8 image = renderer.render(kCamera, settings);
        for (int y = 3; y < kCamera.height; y += 8)
            for (int x = 3; x < kCamera.width; x += 8) {
                double share = 0;
                for (const Hit& hit : splats_at(cloud, kCamera, settings, {x + 0.5, y + 0.5}))
                    share += hit.share;
                CAPTURE(x);
                CAPTURE(y);
                const std::size_t pixel = 4 * (std::size_t(y) * std::size_t(kCamera.width) + std::size_t(x));
                CHECK(std::abs(255 * share - image.pixels[pixel + 3]) < 1.5);
            }
    }
}

TEST_CASE("neighbours are the nearest") {
    SplatCloud cloud(5, 0);
    const float places[] = {0, 5, 1, -2, NAN};
    for (std::size_t i = 0; i < 5; ++i) put(cloud, i, {places[i], 0, 0}, 0.1f, 0);
    CHECK(neighbours_of(cloud, 0, 2) == std::vector<std::uint32_t>{2, 3});
    CHECK(neighbours_of(cloud, 1, 9) == std::vector<std::uint32_t>{2, 0, 3, 4});
}
