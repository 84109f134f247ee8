// Adam against its definition.
#include "encoder/train/adam.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/encoder/raster/scenes.h"

using namespace volumen;
using namespace volumen::train;

namespace {

SplatCloud random_cloud(scenes::Random& random, std::size_t count, int degree) {
    SplatCloud cloud(count, degree);
    cloud.values = scenes::noise(random, cloud.values.size(), -1, 1);
    return cloud;
}

/// The plain algorithm on one number.
struct Plain {
    double x, m = 0, v = 0;
    int steps = 0;
    void step(double g, double rate) {
        ++steps;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        x -= rate * (m / (1 - std::pow(0.9, steps))) / (std::sqrt(v / (1 - std::pow(0.999, steps))) + 1e-15);
    }
};

}  // namespace

TEST_CASE("steps follow the definition, channel by channel") {
    scenes::Random random(60);
    for (const std::size_t count : {std::size_t(1), std::size_t(37), std::size_t(4096), std::size_t(5003)}) {
        SplatCloud cloud = random_cloud(random, count, 1);
        std::vector<float> rates(std::size_t(cloud.channels()));
        for (std::size_t c = 0; c < rates.size(); ++c) rates[c] = c % 4 == 3 ? 0.0f : 0.001f * float(c + 1);
        std::vector<Plain> plain;
        for (const float v : cloud.values) plain.push_back({double(v)});
        const SplatCloud start = cloud;
        Adam adam;
        for (int step = 0; step < 6; ++step) {
            SplatCloud gradients = random_cloud(random, count, 1);
            gradients.values[0] = 0;
            for (std::size_t i = 0; i < plain.size(); ++i)
                plain[i].step(double(gradients.values[i]), double(rates[i / count]));
            adam.step(cloud, gradients, rates);
        }
        for (std::size_t i = 0; i < plain.size(); ++i) {
            if (rates[i / count] == 0)
                REQUIRE(cloud.values[i] == start.values[i]);
            else
                REQUIRE(double(cloud.values[i]) == doctest::Approx(plain[i].x).epsilon(1e-4));
        }
    }
}

TEST_CASE("moments move with their splats, and new splats start afresh") {
    scenes::Random random(61);
    SplatCloud cloud = random_cloud(random, 40, 0);
    const std::vector<float> rates(std::size_t(cloud.channels()), 0.01f);
    Adam moved, kept;
    const SplatCloud gradients = random_cloud(random, 40, 0);
    SplatCloud copy = cloud;
    moved.step(cloud, gradients, rates);
    kept.step(copy, gradients, rates);

    std::vector<std::size_t> from, order;
    for (std::size_t i = 0; i < 30; ++i) from.push_back(39 - i), order.push_back(39 - i);
    from.push_back(Adam::kNew), order.push_back(3);
    SplatCloud shuffled = gather(cloud, order);
    moved.remap(from);
    const SplatCloud next = random_cloud(random, 40, 0);
    moved.step(shuffled, gather(next, order), rates);
    kept.step(copy, next, rates);
    for (int c = 0; c < cloud.channels(); ++c) {
        for (std::size_t i = 0; i < 30; ++i) CHECK(shuffled.channel(c)[i] == copy.channel(c)[39 - i]);
        CHECK(shuffled.channel(c)[30] != copy.channel(c)[3]);
    }
}

TEST_CASE("a cleared channel forgets, a reset forgets everything") {
    scenes::Random random(62);
    const std::size_t count = 20;
    const SplatCloud start = random_cloud(random, count, 0), gradients = random_cloud(random, count, 0);
    const std::vector<float> rates(std::size_t(start.channels()), 0.01f);
    SplatCloud still = gradients;
    std::ranges::fill(still.values, 0.0f);
    Adam adam;
    SplatCloud cloud = start;
    adam.step(cloud, gradients, rates);
    adam.clear_channel(SplatCloud::kOpacity);
    SplatCloud after = cloud;
    adam.step(after, still, rates);
    for (std::size_t i = 0; i < count; ++i) {
        CHECK(after.channel(SplatCloud::kOpacity)[i] == cloud.channel(SplatCloud::kOpacity)[i]);
        CHECK(after.channel(0)[i] != cloud.channel(0)[i]);
    }
    adam.reset();
    SplatCloud again = start;
    adam.step(again, gradients, rates);
    CHECK(again.values == cloud.values);
}
