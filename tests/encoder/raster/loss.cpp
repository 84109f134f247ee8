// The image loss against the reference.
#include "encoder/train/loss.h"

#include <doctest/doctest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>

#include "tests/encoder/raster/reference.h"
#include "tests/encoder/raster/scenes.h"

using namespace volumen;
using namespace volumen::train;

namespace {

/// Truth and render: smooth pictures with noise, the same outside a box.
struct Pair {
    PlanarImage truth, render;

    Pair(scenes::Random& random, int width, int height, int x0, int y0, int x1, int y1)
        : truth(width, height), render(width, height) {
        for (int c = 0; c < 3; ++c)
            for (int y = 0; y < height; ++y)
                for (int x = 0; x < width; ++x) {
                    const std::size_t i = std::size_t(y) * width + x;
                    const float wave = 0.5f + 0.3f * std::sin(0.2f * float(x + 2 * y) + float(c));
                    truth.plane(c)[i] = wave + scenes::uniform(random, -0.1f, 0.1f);
                    const bool inside = x >= x0 && x < x1 && y >= y0 && y < y1;
                    render.plane(c)[i] =
                        truth.plane(c)[i] + (inside ? scenes::uniform(random, -0.2f, 0.2f) : 0.0f);
                }
    }
};

void check_against_reference(const Pair& pair, float lambda, const std::vector<float>& weight,
                             scenes::Random& random, int probes) {
    const int width = pair.truth.width, height = pair.truth.height;
    ImageLoss loss;
    PlanarImage gradient;
    const double got = double(loss(pair.render, pair.truth, lambda, weight, gradient));
    std::vector<double> x = scenes::to_double(pair.render.values);
    const std::vector<double> y = scenes::to_double(pair.truth.values), w = scenes::to_double(weight);
    const double wanted = reference::image_loss(x, y, width, height, double(lambda), w);
    CHECK(got == doctest::Approx(wanted).epsilon(1e-4));
    double largest = 0;
    for (const float g : gradient.values) largest = std::max(largest, std::abs(double(g)));
    for (int probe = 0; probe < probes; ++probe) {
        const std::size_t i = random() % x.size();
        // Where they are equal, |x - y| has no derivative; ours is 0 there by convention.
        if (x[i] == y[i]) continue;
        const double kept = x[i], step = 1e-6;
        x[i] = kept + step;
        const double above = reference::image_loss(x, y, width, height, double(lambda), w);
        x[i] = kept - step;
        const double below = reference::image_loss(x, y, width, height, double(lambda), w);
        x[i] = kept;
        CAPTURE(i);
        CHECK(std::abs(double(gradient.values[i]) - (above - below) / (2 * step)) < 1e-3 * largest);
    }
}

}  // namespace

TEST_CASE("loss and gradient match the reference") {
    unsigned seed = 40;
    for (const float lambda : {0.0f, 0.2f, 1.0f})
        for (const auto& [width, height] :
             {std::pair(40, 30), std::pair(7, 5), std::pair(1, 1), std::pair(70, 21)}) {
            CAPTURE(seed);
            scenes::Random random(seed++);
            const Pair pair(random, width, height, 0, 0, width, height);
            check_against_reference(pair, lambda, {}, random, 25);
        }
}

TEST_CASE("differences in a part of the picture only, across strips and bands") {
    scenes::Random random(50);
    const Pair pair(random, 90, 150, 55, 118, 75, 140);
    check_against_reference(pair, 0.3f, {}, random, 0);
    ImageLoss loss;
    PlanarImage gradient;
    loss(pair.render, pair.truth, 0.3f, {}, gradient);
    // Finite differences near the edges of the box and of the strips.
    std::vector<double> x = scenes::to_double(pair.render.values);
    const std::vector<double> y = scenes::to_double(pair.truth.values);
    double largest = 0;
    for (const float g : gradient.values) largest = std::max(largest, std::abs(double(g)));
    for (const auto& [column, row] :
         {std::pair(55, 118), std::pair(63, 127), std::pair(64, 128), std::pair(74, 139)}) {
        const std::size_t i = std::size_t(row) * 90 + column;
        const double kept = x[i], step = 1e-5;
        x[i] = kept + step;
        const double above = reference::image_loss(x, y, 90, 150, double(0.3f), {});
        x[i] = kept - step;
        const double below = reference::image_loss(x, y, 90, 150, double(0.3f), {});
        x[i] = kept;
        CHECK(std::abs(double(gradient.values[i]) - (above - below) / (2 * step)) < 1e-3 * largest);
    }
    // Beyond the reach of two windows the gradient is exactly 0.
    for (int c = 0; c < 3; ++c)
        for (int row = 0; row < 150; ++row)
            for (int column = 0; column < 90; ++column)
                if (column < 45 || column >= 85 || row < 108)
                    REQUIRE(gradient.plane(c)[std::size_t(row) * 90 + column] == 0);
}

TEST_CASE("equal images cost nothing") {
    scenes::Random random(51);
    const Pair pair(random, 80, 40, 0, 0, 0, 0);
    ImageLoss loss;
    PlanarImage gradient(3, 3);
    CHECK(loss(pair.render, pair.truth, 0.2f, {}, gradient) == 0);
    CHECK(gradient.values.size() == 80 * 40 * 3);
    CHECK(std::ranges::all_of(gradient.values, [](float g) { return g == 0; }));
}

TEST_CASE("weights: those of 0 take a pixel out entirely") {
    scenes::Random random(52);
    const Pair pair(random, 37, 29, 0, 0, 37, 29);
    std::vector<float> weight = scenes::noise(random, 37 * 29, 0, 1);
    for (float& w : weight) w = w < 0.3f ? 0 : w;
    check_against_reference(pair, 0.4f, weight, random, 30);
    ImageLoss loss;
    PlanarImage gradient;
    const float before = loss(pair.render, pair.truth, 0.4f, weight, gradient);
    PlanarImage changed = pair.render;
    for (std::size_t i = 0; i < weight.size(); ++i)
        if (weight[i] == 0) {
            for (int c = 0; c < 3; ++c) {
                CHECK(gradient.plane(c)[i] == 0);
                changed.plane(c)[i] = 0.77f;
            }
        }
    CHECK(loss(changed, pair.truth, 0.4f, weight, gradient) == before);
    std::ranges::fill(weight, 0.0f);
    CHECK(loss(pair.render, pair.truth, 0.4f, weight, gradient) == 0);
    CHECK(std::ranges::all_of(gradient.values, [](float g) { return g == 0; }));
}

TEST_CASE("every vector width gives the same loss") {
    scenes::Random random(53);
    const Pair pair(random, 150, 140, 20, 30, 120, 100);
    ImageLoss loss;
    PlanarImage best, other;
    const float wanted = loss(pair.render, pair.truth, 0.2f, {}, best);
    CHECK(loss(pair.render, pair.truth, 0.2f, {}, other) == wanted);
    CHECK(other.values == best.values);
    float largest = 0;
    for (const float g : best.values) largest = std::max(largest, std::abs(g));
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        hwy::SetSupportedTargetsForTest(target);
        const float got = loss(pair.render, pair.truth, 0.2f, {}, other);
        hwy::SetSupportedTargetsForTest(0);
        CHECK(double(got) == doctest::Approx(double(wanted)).epsilon(1e-5));
        for (std::size_t i = 0; i < best.values.size(); ++i)
            REQUIRE(std::abs(best.values[i] - other.values[i]) < 1e-3f * largest);
    }
    hwy::SetSupportedTargetsForTest(0);
}
