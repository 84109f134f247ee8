#include "encoder/pack/order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <glm/gtc/quaternion.hpp>

#include "encoder/pack/atlas.h"
#include "encoder/pack/rotation.h"
#include "formats/core/error.h"
#include "formats/stream/frame.h"
#include "formats/stream/limits.h"
#include "tests/encoder/pack/synthetic.h"

using namespace volumen;

namespace {

glm::mat3 covariance(const SplatCloud& cloud, std::size_t i) {
    const auto at = [&](int c) { return cloud.channel(c)[i]; };
    const glm::mat3 turn = glm::mat3_cast(glm::normalize(glm::quat(at(3), at(4), at(5), at(6))));
    glm::mat3 scale(0);
    for (int a = 0; a < 3; ++a) scale[a][a] = std::exp(2 * at(SplatCloud::kScale + a));
    return turn * scale * glm::transpose(turn);
}

/// Mean distance between splats that are neighbours in a row of a block.
double neighbour_distance(const SplatCloud& cloud) {
    double sum = 0;
    int pairs = 0;
    for (std::size_t i = 0; i + 1 < cloud.count; ++i) {
        if (i % kBlockSide == kBlockSide - 1) continue;
        double squares = 0;
        for (int a = 0; a < 3; ++a) {
            const double d = cloud.channel(a)[i + 1] - cloud.channel(a)[i];
            squares += d * d;
        }
        sum += std::sqrt(squares), ++pairs;
    }
    return sum / pairs;
}

}  // namespace

TEST_CASE("order_splats names every splat once, whatever the count") {
    for (const std::size_t count : {1u, 2u, 63u, 64u, 65u, 200u, 1000u, 1024u, 1500u}) {
        const std::vector<SplatCloud> frames{synthetic_cloud(count, 0, 0, 5),
                                             synthetic_cloud(count, 0, 7, 5)};
        for (const std::uint32_t row : {1u, 2u, 3u, 6u, 40u}) {
            std::vector<std::size_t> order = order_splats(frames, row);
            REQUIRE(order.size() == count);
            std::sort(order.begin(), order.end());
            for (std::size_t i = 0; i < count; ++i) REQUIRE(order[i] == i);
        }
    }
}

TEST_CASE("order_splats makes neighbours of what is near") {
    const std::vector<SplatCloud> frames{synthetic_cloud(4000, 0, 0, 5), synthetic_cloud(4000, 0, 15, 5)};
    const SplatCloud ordered = gather(frames[0], order_splats(frames, 8));
    CHECK(neighbour_distance(ordered) < 0.1 * neighbour_distance(frames[0]));
}

TEST_CASE("canonicalise_rotations keeps every covariance and gives small, steady rotations") {
    std::vector<SplatCloud> frames;
    for (int f = 0; f < 12; ++f) {
        frames.push_back(synthetic_cloud(500, 0, 3 * f, 9));
        // another of the equivalent quaternions, and another length, from frame to frame
        for (std::size_t i = 0; i < 500; ++i)
            for (int c = 3; c < 7; ++c) frames.back().channel(c)[i] *= (f + int(i)) % 2 ? -2.0f : 0.5f;
    }
    const std::vector<SplatCloud> before = frames;
    canonicalise_rotations(frames);
    for (std::size_t f = 0; f < frames.size(); ++f)
        for (std::size_t i = 0; i < 500; ++i) {
            const glm::mat3 a = covariance(before[f], i), b = covariance(frames[f], i);
            for (int c = 0; c < 3; ++c)
                REQUIRE(glm::length(a[c] - b[c]) < 1e-5f * glm::length(a[0] + a[1] + a[2]) + 1e-9f);
            const auto q = [&](std::size_t frame) {
                return glm::vec4(frames[frame].channel(3)[i], frames[frame].channel(4)[i],
                                 frames[frame].channel(5)[i], frames[frame].channel(6)[i]);
            };
            REQUIRE(glm::length(q(f)) == doctest::Approx(1).epsilon(1e-4));
            REQUIRE(q(f).x >= 0.35f);
            // 24 equivalents: none is further from the identity than 62.8 degrees, or is as good but for 0.05
            if (f == 0) REQUIRE(q(0).x > std::cos(0.5 * 62.9 / 57.2957795) - 0.05);
            // a swing of at most 0.36 rad between these frames
            if (f > 0 && q(f).x > 0.6f && q(f - 1).x > 0.6f) REQUIRE(glm::dot(q(f), q(f - 1)) > 0.9f);
        }
}

TEST_CASE("fit_atlas stays within what decoders take, and says what fits") {
    for (const std::size_t count : {1u, 64u, 300u, 10'000u, 100'000u, 300'000u})
        for (int degree = 0; degree <= 3; ++degree) {
            if (count > 100'000 && degree > 1) continue;
            const AtlasShape a = fit_atlas(count, degree, {30, 1});
            CHECK(a.width % kAtlasAlign == 0);
            CHECK(a.height % kAtlasAlign == 0);
            CHECK(a.width >= kMinAtlasSide);
            CHECK(a.width <= kMaxAtlasWidth);
            CHECK(a.height <= kMaxAtlasHeight);
            CHECK(a.tracks == 1);
            const std::size_t blocks = (count + 63) / 64;
            const std::size_t plane_rows = (blocks + a.blocks_per_row - 1) / a.blocks_per_row;
            std::vector<std::uint8_t> used(std::size_t(a.width / 8) * std::size_t(a.height / 8));
            for (std::size_t p = 0; p < a.plane_x.size(); ++p)
                for (std::size_t y = 0; y < plane_rows; ++y)
                    for (std::size_t x = 0; x < a.blocks_per_row; ++x) {
                        REQUIRE(a.plane_y[p] / 8 + y < std::size_t(a.height / 8));
                        REQUIRE(a.plane_x[p] / 8 + x < std::size_t(a.width / 8));
                        REQUIRE(used[(a.plane_y[p] / 8 + y) * std::size_t(a.width / 8) + a.plane_x[p] / 8 +
                                     x]++ == 0);
                    }
        }
    CHECK_THROWS_AS(fit_atlas(10'000'000, 3, {30, 1}), InputError);
    try {
        fit_atlas(2'000'000, 3, {30, 1});
        FAIL("two million splats of SH degree 3 should not fit");
    } catch (const InputError& error) {
        const std::string text = error.what();
        const std::size_t at = text.find("at most ");
        REQUIRE(at != text.npos);
        const std::size_t most = std::stoul(text.substr(at + 8));
        CHECK_NOTHROW(fit_atlas(most, 3, {30, 1}));
        CHECK_THROWS_AS(fit_atlas(most + 64, 3, {30, 1}), InputError);
    }
}

TEST_CASE("order_splats keeps an order that it gave before") {
    std::vector<SplatCloud> frames{synthetic_cloud(1500, 0, 0, 5), synthetic_cloud(1500, 0, 7, 5)};
    const std::vector<std::size_t> order = order_splats(frames, 6);
    std::mt19937 random(9);
    std::normal_distribution<float> normal(0, 0.0005f);
    for (SplatCloud& cloud : frames) {
        cloud = gather(cloud, order);
        for (int a = 0; a < 3; ++a)
            for (float& v : cloud.channel(a)) v += normal(random);
    }
    std::vector<std::size_t> as_it_is(1500);
    for (std::size_t i = 0; i < 1500; ++i) as_it_is[i] = i;
    CHECK(order != as_it_is);
    CHECK(order_splats(frames, 6) == as_it_is);
}
