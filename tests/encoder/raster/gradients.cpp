// Gradients of the rasteriser against central differences of the reference, in double.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "encoder/train/rasteriser.h"
#include "tests/encoder/raster/reference.h"
#include "tests/encoder/raster/scenes.h"

using namespace volumen;
using namespace volumen::train;

namespace {

/// The loss is Σ d_image · image + Σ d_alpha · coverage with fixed random d_image and d_alpha: then every
/// pixel matters, with either sign.
struct Check {
    SplatCloud cloud;
    Camera camera;
    RasterSettings settings;
    PlanarImage d_image;
    std::vector<float> d_alpha;

    Check(SplatCloud c, Camera k, RasterSettings s, scenes::Random& random)
        : cloud(std::move(c)), camera(k), settings(s), d_image(k.width, k.height) {
        d_image.values = scenes::noise(random, d_image.values.size(), -1, 1);
        d_alpha = scenes::noise(random, d_image.area(), -1, 1);
    }

    double loss(const std::vector<double>& values) const {
        const reference::Image image =
            reference::render(values, cloud.count, cloud.sh_degree, camera, settings);
        double sum = 0;
        for (std::size_t i = 0; i < image.colour.size(); ++i)
            sum += image.colour[i] * double(d_image.values[i]);
        for (std::size_t i = 0; i < d_alpha.size(); ++i) sum += image.alpha[i] * double(d_alpha[i]);
        return sum;
    }

    /// NaN where two step sizes disagree: a pixel crosses the cut, the clip or the stop between them.
    double difference(std::vector<double>& values, std::size_t i) const {
        const auto central = [&](double step) {
            const double kept = values[i];
            values[i] = kept + step;
            const double above = loss(values);
            values[i] = kept - step;
            const double below = loss(values);
            values[i] = kept;
            return (above - below) / (2 * step);
        };
        const double coarse = central(2e-6), fine = central(5e-7);
        return std::abs(coarse - fine) <= 1e-4 * std::abs(fine) + 1e-6 ? fine : std::nan("");
    }

    void run() const {
        Rasteriser rasteriser;
        SplatCloud gradients;
        rasteriser.forward(cloud, camera, settings);
        rasteriser.backward(d_image, d_alpha, gradients);
        REQUIRE(gradients.values.size() == cloud.values.size());
        std::vector<double> values = scenes::to_double(cloud.values);
        std::size_t skipped = 0;
        for (int channel = 0; channel < cloud.channels(); ++channel) {
            double largest = 0;
            for (const float g : gradients.channel(channel)) largest = std::max(largest, std::abs(double(g)));
            for (std::size_t i = 0; i < cloud.count; ++i) {
                const double wanted = difference(values, std::size_t(channel) * cloud.count + i);
                if (std::isnan(wanted)) {
                    ++skipped;
                    continue;
                }
                const double got = double(gradients.channel(channel)[i]);
                CAPTURE(channel);
                CAPTURE(i);
                CAPTURE(largest);
                CAPTURE(got);
                CAPTURE(wanted);
                CHECK(std::abs(got - wanted) <= 2e-3 * std::abs(wanted) + 2e-4 * largest + 1e-5);
            }
        }
        CAPTURE(skipped);
        CHECK(skipped * 20 < cloud.values.size());
    }
};

}  // namespace

TEST_CASE("every parameter's gradient, at each SH degree, with and without compensation") {
    for (int degree = 0; degree <= kMaxShDegree; ++degree)
        for (const bool compensate : {false, true}) {
            scenes::Random random(unsigned(100 + degree));
            CAPTURE(degree);
            CAPTURE(compensate);
            RasterSettings settings;
            settings.background = {0.3f, 0.9f, 0.1f};
            settings.compensate = compensate;
            Check(scenes::ball(random, 14, degree), scenes::camera(41, 35), settings, random).run();
        }
}

TEST_CASE("gradients with fewer SH degrees in use than stored") {
    scenes::Random random(7);
    RasterSettings settings;
    settings.sh_degree = 1;
    Check(scenes::ball(random, 8, 3), scenes::camera(33, 20), settings, random).run();
}

TEST_CASE("gradients of the depth's moments, with and without compensation") {
    for (const bool compensate : {false, true}) {
        scenes::Random random(compensate ? 31 : 30);
        RasterSettings settings;
        settings.draws = Draws::kDepth;
        settings.depth_origin = 2.5f, settings.depth_unit = 0.7f;
        settings.background = glm::vec3(0);
        settings.compensate = compensate;
        Check(scenes::ball(random, 14, 2), scenes::camera(41, 35), settings, random).run();
    }
}

TEST_CASE("gradients behind stacks of opaque splats: clip, stop and clamped Jacobian") {
    scenes::Random random(21);
    SplatCloud cloud = scenes::ball(random, 40, 1);
    for (float& v : cloud.channel(SplatCloud::kOpacity)) v = scenes::uniform(random, 1, 9);
    for (int k = 0; k < 3; ++k)
        for (float& v : cloud.channel(SplatCloud::kScale + k)) v = scenes::uniform(random, -2, -0.5f);
    // A narrow view: centres far outside of it still show.
    Camera camera = scenes::camera(36, 28);
    camera.fx *= 3, camera.fy *= 3;
    Check(cloud, camera, {}, random).run();
}
