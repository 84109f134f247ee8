// Images of the rasteriser against the reference, and what must hold for every scene.
#include <doctest/doctest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "encoder/train/rasteriser.h"
#include "formats/core/parallel.h"
#include "tests/encoder/raster/reference.h"
#include "tests/encoder/raster/scenes.h"

using namespace volumen;
using namespace volumen::train;

namespace {

struct Error {
    double largest = 0, psnr = 0;
};

Error compare(std::span<const float> got, const std::vector<double>& wanted) {
    REQUIRE(got.size() == wanted.size());
    Error error;
    double squares = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const double e = std::abs(double(got[i]) - wanted[i]);
        REQUIRE(std::isfinite(e));
        error.largest = std::max(error.largest, e);
        squares += e * e;
    }
    error.psnr = -10 * std::log10(squares / double(wanted.size()) + 1e-30);
    return error;
}

Error error_of(const SplatCloud& cloud, const Camera& camera, const RasterSettings& settings) {
    Rasteriser rasteriser;
    const PlanarImage& image = rasteriser.forward(cloud, camera, settings);
    const auto wanted =
        reference::render(scenes::to_double(cloud.values), cloud.count, cloud.sh_degree, camera, settings);
    const Error colour = compare(image.values, wanted.colour),
                alpha = compare(rasteriser.alpha(), wanted.alpha);
    return {std::max(colour.largest, alpha.largest), std::min(colour.psnr, alpha.psnr)};
}

void check_finite(std::span<const float> values) {
    CHECK(std::ranges::all_of(values, [](float v) { return std::isfinite(v); }));
}

struct Outcome {
    std::vector<float> image, alpha, gradients, screen_gradients, weights;
    bool operator==(const Outcome&) const = default;
};

Outcome outcome(Rasteriser& rasteriser, const SplatCloud& cloud, const Camera& camera,
                const RasterSettings& settings) {
    Outcome out;
    const PlanarImage& image = rasteriser.forward(cloud, camera, settings);
    scenes::Random random(5);
    PlanarImage d_image(camera.width, camera.height);
    d_image.values = scenes::noise(random, d_image.values.size(), -1, 1);
    SplatCloud gradients;
    rasteriser.backward(d_image, {}, gradients);
    out.image = image.values, out.gradients = gradients.values;
    out.alpha.assign(rasteriser.alpha().begin(), rasteriser.alpha().end());
    out.screen_gradients.assign(rasteriser.screen_gradients().begin(), rasteriser.screen_gradients().end());
    out.weights.assign(rasteriser.weights().begin(), rasteriser.weights().end());
    return out;
}

}  // namespace

TEST_CASE("images match the reference at all sizes, degrees and settings") {
    unsigned seed = 1;
    for (const auto& size : {std::pair(64, 48), std::pair(61, 47), std::pair(17, 33),
                                        std::pair(5, 3), std::pair(1, 1), std::pair(16, 16)})
        for (int degree = 0; degree <= kMaxShDegree; ++degree)
            for (const bool compensate : {false, true}) {
                CAPTURE(seed);
                CAPTURE(size.first);
                CAPTURE(degree);
                scenes::Random random(seed++);
                RasterSettings settings;
                settings.compensate = compensate;
                settings.background = {0.1f, 0.7f, 0.4f};
                const Error error =
                    error_of(scenes::ball(random, 150, degree), scenes::camera(size.first, size.second), settings);
                CHECK(error.psnr > 80);
                // A pixel on the edge of the cut may fall either way.
                CHECK(error.largest < 1.2 / 255);
            }
}

TEST_CASE("opaque stacks stop where the reference stops") {
    scenes::Random random(3);
    SplatCloud cloud = scenes::ball(random, 400, 0);
    for (float& v : cloud.channel(SplatCloud::kOpacity)) v = scenes::uniform(random, 2, 9);
    const Error error = error_of(cloud, scenes::camera(70, 50), {});
    CHECK(error.psnr > 75);
}

TEST_CASE("splats behind, around, huge, tiny and at the borders") {
    scenes::Random random(11);
    SplatCloud cloud = scenes::ball(random, 200, 1);
    const Camera camera = scenes::camera(50, 37);
    const glm::vec3 eye = camera.centre(), forward = camera.forward();
    const auto place = [&](std::size_t i, glm::vec3 p, float log_scale) {
        for (int k = 0; k < 3; ++k) {
            cloud.channel(SplatCloud::kPosition + k)[i] = p[k];
            cloud.channel(SplatCloud::kScale + k)[i] = log_scale;
        }
    };
    for (std::size_t i = 0; i < 40; ++i) place(i, eye - forward * float(i) * 0.1f, -3);
    for (std::size_t i = 40; i < 50; ++i) place(i, eye + forward * (0.051f + 0.01f * float(i - 40)), -6);
    for (std::size_t i = 50; i < 60; ++i) place(i, forward * float(i - 50), 1.5f);
    for (std::size_t i = 60; i < 90; ++i) place(i, forward * (float(i) * 0.01f - 0.7f), -14);
    for (std::size_t i = 90; i < 130; ++i) {
        const float side = float(i - 90) * 0.1f;
        place(i, {side - 2, 0, side - 2}, -2.5f);
    }
    const Error error = error_of(cloud, camera, {});
    CHECK(error.psnr > 60);
    Rasteriser rasteriser;
    const Outcome out = outcome(rasteriser, cloud, camera, {});
    for (const auto* values : {&out.image, &out.alpha, &out.gradients, &out.screen_gradients, &out.weights})
        check_finite(*values);
    for (std::size_t i = 0; i < 40; ++i) {
        CHECK(rasteriser.radii()[i] == 0);
        CHECK(out.gradients[i] == 0);
        CHECK(out.weights[i] == 0);
    }
}

TEST_CASE("a broken splat is left out and harms no other") {
    scenes::Random random(12);
    SplatCloud sound = scenes::ball(random, 60, 2), broken = sound;
    const Camera camera = scenes::camera(40, 40);
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    const float values[] = {nan, inf, -inf, 1e30f, -1e30f, 3e38f};
    std::size_t victim = 0;
    for (int channel = 0; channel < sound.channels(); ++channel)
        broken.channel(channel)[victim] = values[victim % 6], victim = (victim + 1) % 30;
    for (int k = 0; k < 4; ++k) broken.channel(SplatCloud::kRotation + k)[30] = 0;
    Rasteriser rasteriser;
    const Outcome out = outcome(rasteriser, broken, camera, {});
    for (const auto* list : {&out.image, &out.alpha, &out.gradients, &out.screen_gradients, &out.weights})
        check_finite(*list);
    // A quaternion of length 0 is no rotation.
    CHECK(rasteriser.radii()[30] == 0);
}

TEST_CASE("an empty cloud shows the background, and images are cleared from view to view") {
    scenes::Random random(13);
    RasterSettings settings;
    settings.background = {0.25f, 0.5f, 0.75f};
    Rasteriser rasteriser;
    const Camera camera = scenes::camera(50, 30);
    const SplatCloud ball = scenes::ball(random, 50, 0), none(0, 0);
    rasteriser.forward(ball, camera, settings);
    const PlanarImage& image = rasteriser.forward(none, camera, settings);
    for (int c = 0; c < 3; ++c)
        CHECK(std::ranges::all_of(image.plane(c), [&](float v) { return v == settings.background[c]; }));
    CHECK(std::ranges::all_of(rasteriser.alpha(), [](float v) { return v == 0; }));
    SplatCloud gradients(7, 1);
    rasteriser.backward(PlanarImage(50, 30), {}, gradients);
    CHECK(gradients.values.empty());
    // The same picture as from a fresh rasteriser, after other views and other sizes.
    Camera turned = camera;
    turned.cx += 20;
    rasteriser.forward(ball, turned, settings);
    rasteriser.forward(ball, scenes::camera(33, 70), settings);
    rasteriser.forward(ball, turned, settings);
    RasterSettings other = settings;
    other.background = {0, 1, 0};
    rasteriser.forward(ball, camera, other);
    const Outcome used = outcome(rasteriser, ball, camera, settings);
    Rasteriser fresh;
    CHECK(used == outcome(fresh, ball, camera, settings));
}

TEST_CASE("the same call gives the same bits, on one thread and on all") {
    scenes::Random random(14);
    const SplatCloud cloud = scenes::ball(random, 5000, 1);
    const Camera camera = scenes::camera(200, 150);
    Rasteriser first, second;
    const Outcome one = outcome(first, cloud, camera, {});
    for (int i = 0; i < 5; ++i) CHECK(one == outcome(second, cloud, camera, {}));
    // Calls from inside a body run on the thread that makes them.
    Outcome serial;
    parallel_for(2, 1, [&](std::size_t begin, std::size_t, int) {
        if (begin == 0) serial = outcome(second, cloud, camera, {});
    });
    CHECK(one == serial);
}

TEST_CASE("every vector width gives the same picture and gradients") {
    scenes::Random random(15);
    const SplatCloud cloud = scenes::ball(random, 300, 2);
    const Camera camera = scenes::camera(90, 70);
    Rasteriser rasteriser;
    const Outcome best = outcome(rasteriser, cloud, camera, {});
    double largest = 0;
    for (const float g : best.gradients) largest = std::max(largest, std::abs(double(g)));
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        CAPTURE(target);
        hwy::SetSupportedTargetsForTest(target);
        const Outcome other = outcome(rasteriser, cloud, camera, {});
        hwy::SetSupportedTargetsForTest(0);
        std::size_t apart = 0;
        for (std::size_t i = 0; i < best.image.size(); ++i)
            apart += std::abs(best.image[i] - other.image[i]) > 1e-4f;
        // Pixels on the edge of the cut.
        CHECK(apart * 2000 < best.image.size());
        const Error gradients = compare(other.gradients, scenes::to_double(best.gradients));
        CHECK(gradients.largest < 1e-3 * largest);
    }
    hwy::SetSupportedTargetsForTest(0);
}

TEST_CASE("weights add up to the coverage, and radii bound what is seen") {
    scenes::Random random(16);
    const SplatCloud cloud = scenes::ball(random, 300, 0);
    const Camera camera = scenes::camera(100, 90);
    Rasteriser rasteriser;
    const Outcome out = outcome(rasteriser, cloud, camera, {});
    double weights = 0, coverage = 0;
    for (const float w : out.weights) weights += double(w);
    for (const float a : out.alpha) coverage += double(a);
    CHECK(weights == doctest::Approx(coverage).epsilon(1e-4));
    for (std::size_t i = 0; i < cloud.count; ++i)
        if (out.weights[i] > 0) CHECK(rasteriser.radii()[i] >= 3 * std::sqrt(0.3f) * 0.999f);
}
