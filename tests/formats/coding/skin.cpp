// Anchors and the skin's pose, against brute force and against motions whose result is known.
#include "formats/coding/skin.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace volumen {
namespace {

std::vector<glm::dvec3> random_points(std::mt19937_64& random, std::size_t count, int range) {
    std::vector<glm::dvec3> out(count);
    for (glm::dvec3& p : out)
        for (int a = 0; a < 3; ++a) p[a] = double(random() % std::uint64_t(2 * range)) - range;
    return out;
}

double squared_distance(glm::dvec3 a, glm::dvec3 b) {
    return glm::dot(a - b, a - b);
}

SplatCloud skin_at(std::span<const glm::dvec3> points, std::mt19937_64& random) {
    SplatCloud out(points.size(), 0);
    for (std::size_t i = 0; i < points.size(); ++i) {
        for (int a = 0; a < 3; ++a) out.channel(SplatCloud::kPosition + a)[i] = float(points[i][a]);
        for (int a = 0; a < 4; ++a)
            out.channel(SplatCloud::kRotation + a)[i] = float(random() % 1000) / 500 - 1.001f;
    }
    return out;
}

}  // namespace

TEST_CASE("anchors are the nearest joints, those as far by their index") {
    for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        // A coarse grid, so that many are as far as others; at last one of eight places, so that more than
        // eight stand in one.
        const auto joints = random_points(random, 90, seed < 4 ? 4 : 1), splats = random_points(random, 400, 5);
        const Anchors anchors = anchor(splats, joints);
        REQUIRE(anchors.per_splat == kAnchorsPerSplat);
        REQUIRE(anchors.splats() == splats.size());
        for (std::size_t i = 0; i < splats.size(); ++i) {
            std::vector<std::uint32_t> order(joints.size());
            for (std::size_t k = 0; k < order.size(); ++k) order[k] = std::uint32_t(k);
            std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
                return squared_distance(splats[i], joints[a]) < squared_distance(splats[i], joints[b]);
            });
            float sum = 0;
            for (std::size_t k = 0; k < 8; ++k) {
                REQUIRE(anchors.joints[i * 8 + k] == order[k]);
                sum += anchors.weights[i * 8 + k];
            }
            REQUIRE(sum == doctest::Approx(1));
        }
    }
}

TEST_CASE("anchors are found in time where tens of thousands of joints stand in a few places") {
    std::mt19937_64 random(6);
    const auto joints = random_points(random, 1 << 16, 1), splats = random_points(random, 1 << 16, 5);
    const Anchors anchors = anchor(splats, joints);
    for (std::size_t i = 0; i < splats.size(); i += 997)
        for (std::size_t k = 1; k < 8; ++k) {
            const std::uint32_t before = anchors.joints[8 * i + k - 1], here = anchors.joints[8 * i + k];
            // The eight first of the nearest place.
            REQUIRE(joints[before] == joints[here]);
            REQUIRE(before < here);
            REQUIRE(anchors.weights[8 * i + k] == doctest::Approx(0.125));
        }
}

TEST_CASE("anchors' weights fall with the distance over the joints' spacing") {
    // Spacing 2 along a line; the splat is at the first joint.
    std::vector<glm::dvec3> joints;
    for (int i = 0; i < 20; ++i) joints.push_back({2.0 * i, 0, 0});
    const Anchors anchors = anchor(std::vector<glm::dvec3>{{0, 0, 0}}, joints);
    for (int k = 1; k < 8; ++k)
        CHECK(anchors.weights[std::size_t(k)] / anchors.weights[0] ==
              doctest::Approx(std::exp(-0.5 * k * k)).epsilon(1e-5));
}

TEST_CASE("anchors of few joints, of joints in one place, of none") {
    const std::vector<glm::dvec3> splats{{0, 0, 0}, {5, 5, 5}};
    CHECK(anchor(splats, {}).per_splat == 0);
    const Anchors one = anchor(splats, std::vector<glm::dvec3>{{1, 1, 1}});
    CHECK(one.per_splat == 1);
    CHECK(one.weights == std::vector<float>{1, 1});
    const Anchors same = anchor(splats, std::vector<glm::dvec3>(3, {1, 1, 1}));
    CHECK(same.joints == std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2});
    for (const float w : same.weights) CHECK(w == doctest::Approx(1.0 / 3));
}

TEST_CASE("a rigid motion of all joints moves the skin rigidly") {
    const std::uint64_t seed = 7;
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto joints = random_points(random, 60, 100), splats = random_points(random, 300, 110);
    const SplatCloud first = skin_at(splats, random);
    const Anchors anchors = anchor(splats, joints);
    const Quaternion turn = glm::normalize(Quaternion(0.2f, -0.7f, 0.5f, 0.4f));
    const glm::vec3 shift(3, -20, 7);
    std::vector<JointMotion> motions;
    for (std::size_t k = 0; k < joints.size(); ++k) {
        const glm::vec3 from(joints[k]);
        // Either sign is the same turn.
        motions.push_back({from, rotation_matrix(turn) * from + shift, k % 3 ? turn : -turn});
    }
    SplatCloud out = first;
    pose_skin(first, anchors, motions, out);
    for (std::size_t i = 0; i < first.count; ++i) {
        const glm::vec3 wanted = rotation_matrix(turn) * position(first, i) + shift;
        CHECK(glm::length(position(out, i) - wanted) < 1e-3f);
        const glm::mat3 rotated = rotation_matrix(turn) * rotation_matrix(rotation(first, i));
        const glm::mat3 got = rotation_matrix(rotation(out, i));
        for (int c = 0; c < 3; ++c) CHECK(glm::length(got[c] - rotated[c]) < 1e-4f);
        CHECK(glm::length(rotation(out, i)) == doctest::Approx(1));
    }
}

}  // namespace volumen
