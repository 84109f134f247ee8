#include "encoder/pack/lattice.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace volumen;

namespace {

using Values = std::vector<std::vector<float>>;

/// Values as a stream decodes them: normally distributed levels times `step`.
Values quantised(float origin, float step, float deviation, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    Values out(3, std::vector<float>(5000));
    for (auto& frame : out)
        for (float& v : frame) v = origin + step * std::round(normal(random) * deviation);
    return out;
}

}  // namespace

TEST_CASE("lattice: found wherever values were quantised, to a fraction of a step at either end") {
    for (const float deviation : {0.7f, 5.0f, 40.0f})
        for (const float step : {0.0002f, 1 / 64.0f, 3.0f}) {
            CAPTURE(deviation);
            CAPTURE(step);
            const Values values = quantised(-1.234f * step, step, deviation, 5);
            const auto lattice = find_lattice(values, 256, -1e30f, 1e30f);
            REQUIRE(lattice);
            CHECK(lattice->step == doctest::Approx(step).epsilon(0.001));
            for (const float v : values[2]) {
                const float k = (v - lattice->origin) / lattice->step;
                CHECK(std::abs(k - std::round(k)) < 0.05f);
            }
        }
}

TEST_CASE("lattice: a few values off it do no harm, clamped ones do not count") {
    Values values = quantised(0.1f, 0.05f, 10, 6);
    for (std::size_t i = 0; i < 100; ++i) values[0][i * 7] += 0.017f;
    for (float& v : values[1]) v = std::min(v, 0.3141f);
    const auto lattice = find_lattice(values, 256, -1e30f, 0.314f);
    REQUIRE(lattice);
    CHECK(lattice->step == doctest::Approx(0.05f).epsilon(0.001));
}

TEST_CASE("lattice: none in values that were never quantised, are all alike, or have too many levels") {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    Values values(2, std::vector<float>(4000));
    for (auto& frame : values)
        for (float& v : frame) v = normal(random);
    CHECK_FALSE(find_lattice(values, 256, -1e30f, 1e30f));
    for (auto& frame : values)
        for (float& v : frame) v = 3;
    CHECK_FALSE(find_lattice(values, 256, -1e30f, 1e30f));
    CHECK_FALSE(find_lattice({}, 256, -1e30f, 1e30f));
    CHECK_FALSE(find_lattice(quantised(0, 1, 200, 8), 256, -1e30f, 1e30f));
}
