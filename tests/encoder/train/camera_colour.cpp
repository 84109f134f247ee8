// Cameras with another exposure or white balance: gradients, the known values found, clean rigs left alone.
#include "encoder/train/camera_colour.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "encoder/train/photometric.h"
#include "encoder/train/take_trainer.h"
#include "formats/core/error.h"
#include "tests/encoder/balls.h"

using namespace volumen;
using namespace volumen::train;

namespace {

constexpr std::uint64_t kSeed = 11;
constexpr int kViews = 8, kSize = 48;

TrainingView training_view(int index, glm::vec3 gain, bool masked = true) {
    TrainingView view;
    view.view = index;
    view.camera = balls::camera(index, kViews, kSize);
    ViewImage image;
    Image8 rgba = balls::image(balls::performer(0), view.camera);
    balls::tint(rgba, gain);
    image.rgb = Image8(kSize, kSize, 3), image.alpha = Image8(kSize, kSize, 1);
    for (std::size_t i = 0; i < image.alpha.pixels.size(); ++i) {
        std::copy_n(&rgba.pixels[4 * i], 3, &image.rgb.pixels[3 * i]);
        image.alpha.pixels[i] = rgba.pixels[4 * i + 3];
    }
    view.colour = composite(image, glm::vec3(0));
    if (masked)
        for (const std::uint8_t a : image.alpha.pixels) view.alpha.push_back(float(a) / 255);
    return view;
}

TrainingFrame rig(const std::vector<glm::vec3>& gains) {
    TrainingFrame frame{0, {}};
    for (int v = 0; v < kViews; ++v) frame.views.push_back(training_view(v, gains[std::size_t(v)]));
    return frame;
}

TakeInfo info() {
    TakeInfo info;
    info.bounds_min = glm::vec3(-1), info.bounds_max = glm::vec3(1);
    return info;
}

TrainSettings settings(ColourMode mode) {
    TrainSettings settings;
    settings.splats = 1500, settings.first_iterations = 1200, settings.colour = mode;
    return settings;
}

PlanarImage random_image(std::mt19937_64& random) {
    PlanarImage image(kSize, kSize);
    for (float& v : image.values) v = uniform(random);
    return image;
}

}  // namespace

TEST_CASE("the gradients of a camera's colour are those of finite differences") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    for (const bool masked : {true, false}) {
        CAPTURE(masked);
        PlanarImage render = random_image(random);
        const PlanarImage weights = random_image(random);
        std::vector<float> coverage;
        if (masked)
            for (std::size_t i = 0; i < render.area(); ++i)
                coverage.push_back(0.01f + 0.98f * uniform(random));
        const glm::vec3 background(0.9f, 0.2f, 0.6f);
        const ColourAffine at{{0.8f, 1.1f, 1.3f}, {0.05f, -0.03f, 0.1f}};
        // loss = sum of weights · out: its gradient by out is `weights`.
        const auto loss = [&](const ColourAffine& affine) {
            CameraColour colour(ColourMode::on);
            colour.start(3, affine);
            PlanarImage out;
            colour.apply(3, render, coverage, background, out);
            double sum = 0;
            for (std::size_t i = 0; i < out.values.size(); ++i)
                sum += double(weights.values[i]) * out.values[i];
            return sum;
        };
        CameraColour colour(ColourMode::on);
        colour.start(3, at);
        PlanarImage d_render = weights;
        std::vector<float> d_coverage;
        colour.backward(3, render, coverage, background, d_render, d_coverage);
        constexpr float kStep = 1e-2f;
        for (int j = 0; j < 6; ++j) {
            ColourAffine up = at, down = at;
            if (j < 3)
                up.gain[j] *= std::exp(kStep), down.gain[j] *= std::exp(-kStep);
            else
                up.offset[j - 3] += kStep, down.offset[j - 3] -= kStep;
            const double measured = (loss(up) - loss(down)) / (2.0 * kStep);
            CHECK(double(colour.gradient()[std::size_t(j)]) == doctest::Approx(measured).epsilon(1e-3));
        }
        for (const std::size_t i : {std::size_t(5), render.area() + 77, 2 * render.area() + 1234}) {
            const float before = render.values[i];
            render.values[i] = before + kStep;
            const double up = loss(at);
            render.values[i] = before - kStep;
            const double down = loss(at);
            render.values[i] = before;
            CHECK(double(d_render.values[i]) == doctest::Approx((up - down) / (2.0 * kStep)).epsilon(0.01));
        }
        if (!masked) CHECK(d_coverage.empty());
        for (std::size_t i = 9; i < coverage.size(); i += 700) {
            const float before = coverage[i];
            coverage[i] = before + kStep;
            const double up = loss(at);
            coverage[i] = before - kStep;
            const double down = loss(at);
            coverage[i] = before;
            CHECK(double(d_coverage[i]) == doctest::Approx((up - down) / (2.0 * kStep)).epsilon(0.02));
        }
    }
}

TEST_CASE("the gradient reaches the splats through the camera's colour") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const ColourAffine affine{{0.7f, 1.2f, 0.9f}, {0.08f, -0.05f, 0.02f}};
    const Camera camera = balls::camera(0, kViews, kSize);
    SplatCloud cloud(6, 0), gradients;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        for (int a = 0; a < 3; ++a) {
            cloud.channel(SplatCloud::kPosition + a)[i] = 0.3f * normal(random);
            cloud.channel(SplatCloud::kScale + a)[i] = -2;
            cloud.channel(SplatCloud::kSh + a)[i] = 0.5f * normal(random);
        }
        cloud.channel(SplatCloud::kRotation)[i] = 1;
        cloud.channel(SplatCloud::kOpacity)[i] = 0.5f;
    }
    RasterSettings raster;
    raster.background = {0.2f, 0.9f, 0.4f};
    const PlanarImage weights = random_image(random);
    Rasteriser rasteriser;
    CameraColour colour(ColourMode::on);
    colour.start(0, affine);
    const auto loss = [&] {
        PlanarImage out;
        const PlanarImage& render = rasteriser.forward(cloud, camera, raster);
        colour.apply(0, render, rasteriser.alpha(), raster.background, out);
        double sum = 0;
        for (std::size_t i = 0; i < out.values.size(); ++i) sum += double(weights.values[i]) * out.values[i];
        return sum;
    };
    loss();
    PlanarImage d_image = weights;
    std::vector<float> d_coverage;
    const PlanarImage render = rasteriser.forward(cloud, camera, raster);
    colour.backward(0, render, rasteriser.alpha(), raster.background, d_image, d_coverage);
    rasteriser.backward(d_image, d_coverage, gradients);
    for (const int channel : {SplatCloud::kOpacity, SplatCloud::kSh, SplatCloud::kSh + 1})
        for (std::size_t i = 0; i < cloud.count; ++i) {
            constexpr float kStep = 1e-2f;
            float& value = cloud.channel(channel)[i];
            const float before = value;
            value = before + kStep;
            const double up = loss();
            value = before - kStep;
            const double down = loss();
            value = before;
            const double measured = (up - down) / (2.0 * kStep);
            CHECK(std::abs(double(gradients.channel(channel)[i]) - measured) <
                  0.02 * std::abs(measured) + 0.02);
        }
}

TEST_CASE("a dim camera and one with another white balance are found, the others are left alone" *
          doctest::test_suite("measures")) {
    std::vector<glm::vec3> gains(kViews, glm::vec3(1));
    gains[2] = glm::vec3(0.8f), gains[5] = {1.15f, 1, 0.85f};
    TakeTrainer trainer(info(), {}, settings(ColourMode::automatic));
    trainer.next(rig(gains));
    for (int v = 0; v < kViews; ++v) {
        CAPTURE(v);
        const ColourAffine affine = trainer.colour().affine(v);
        if (v == 2 || v == 5) {
            REQUIRE(trainer.colour().compensates(v));
            // The subject's mean colour is a mid-grey: gain and offset together are what counts.
            for (int k = 0; k < 3; ++k)
                CHECK(affine.gain[k] * 0.5f + affine.offset[k] ==
                      doctest::Approx(0.5f * gains[std::size_t(v)][k]).epsilon(0.03));
        } else {
            CHECK_FALSE(trainer.colour().compensates(v));
            CHECK(affine.strength() == 0);
        }
    }
}

TEST_CASE("--colour on learns every camera around the rig's median, off none" *
          doctest::test_suite("measures")) {
    std::vector<glm::vec3> gains(kViews, glm::vec3(0.97f));
    for (std::size_t v = 0; v < kViews; v += 2) gains[v] = glm::vec3(1.03f);
    TakeTrainer on(info(), {}, settings(ColourMode::on));
    on.next(rig(gains));
    double even = 0, odd = 0;
    for (int v = 0; v < kViews; ++v) {
        CHECK(on.colour().compensates(v));
        const ColourAffine affine = on.colour().affine(v);
        (v % 2 ? odd : even) += (affine.gain.g * 0.5f + affine.offset.g) / (0.5 * kViews / 2);
    }
    CHECK(even / odd == doctest::Approx(1.03 / 0.97).epsilon(0.01));
    CHECK(0.5 * (even + odd) == doctest::Approx(1).epsilon(0.01));
    TakeTrainer off(info(), {}, settings(ColourMode::off));
    off.next(rig(gains));
    for (int v = 0; v < kViews; ++v) CHECK_FALSE(off.colour().compensates(v));
    CHECK_THROWS_AS(colour_mode("maybe"), UsageError);
}
