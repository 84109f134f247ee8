// Gradients of the motion graph and of the regularisers against central finite differences.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "encoder/train/motion_graph.h"
#include "encoder/train/quaternion.h"
#include "encoder/train/regularise.h"
#include "tests/encoder/train/clouds.h"

using namespace volumen;
using namespace volumen::train;

namespace {

constexpr std::uint64_t kSeed = 7;

}  // namespace

TEST_CASE("rotation_gradient is the derivative of rotation_matrix") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    SplatCloud cloud(5, 0), gradient(5, 0);
    jitter(cloud, {3, 4, 5, 6}, 1, random);
    glm::mat3 weights;
    for (int c = 0; c < 3; ++c)
        for (int r = 0; r < 3; ++r) weights[c][r] = normal(random);
    for (std::size_t i = 0; i < 5; ++i) {
        const Quaternion d = rotation_gradient(rotation(cloud, i), weights);
        for (int a = 0; a < 4; ++a) gradient.channel(SplatCloud::kRotation + a)[i] = d[a];
    }
    check_gradient(cloud, gradient, {3, 4, 5, 6}, 1, [&](const SplatCloud& at) {
        double sum = 0;
        for (std::size_t i = 0; i < 5; ++i) {
            const glm::mat3 m = rotation_matrix(rotation(at, i));
            for (int c = 0; c < 3; ++c)
                for (int r = 0; r < 3; ++r) sum += double(weights[c][r]) * double(m[c][r]);
        }
        return sum;
    });
}

TEST_CASE("the motion graph's gradients match finite differences") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const SplatCloud base = sheet(12, random);
    const MotionGraph graph(base, 10);
    SplatCloud motion = graph.still();
    jitter(motion, {0, 1, 2}, 0.02f, random);
    jitter(motion, {3, 4, 5, 6}, 0.1f, random);

    SUBCASE("warp") {
        SplatCloud weights(base.count, 0), warped, gradient;
        jitter(weights, {0, 1, 2, 3, 4, 5, 6}, 1, random);
        graph.pull_back(motion, weights, gradient);
        check_gradient(motion, gradient, {0, 1, 2, 3, 4, 5, 6}, 1, [&](const SplatCloud& at) {
            graph.warp(at, warped);
            double sum = 0;
            for (int c = 0; c < 7; ++c)
                for (std::size_t i = 0; i < base.count; ++i)
                    sum += double(weights.channel(c)[i]) * double(warped.channel(c)[i]);
            return sum;
        });
    }
    SUBCASE("ARAP") {
        SplatCloud gradient(motion.count, 0);
        graph.arap(motion, 3, gradient);
        SplatCloud unused(motion.count, 0);
        check_gradient(motion, gradient, {0, 1, 2, 3, 4, 5, 6}, 1,
                       [&](const SplatCloud& at) { return double(graph.arap(at, 3, unused)); });
    }
}

TEST_CASE("a rigid motion of all nodes moves the splats rigidly and costs no ARAP energy") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const SplatCloud base = sheet(10, random);
    const MotionGraph graph(base, 8);
    const Quaternion q = glm::normalize(Quaternion(0.8f, 0.3f, -0.4f, 0.2f));
    const glm::mat3 turn = rotation_matrix(q);
    const glm::vec3 shift(0.5f, -1, 2);
    SplatCloud motion = graph.still(), unused(motion.count, 0), warped;
    RigidTerm rigid(base);
    SplatCloud target = base;
    for (std::size_t i = 0; i < base.count; ++i) {
        const glm::vec3 p = turn * position(base, i) + shift;
        const Quaternion r = glm::normalize(multiply(q, rotation(base, i)));
        for (int a = 0; a < 3; ++a) target.channel(SplatCloud::kPosition + a)[i] = p[a];
        for (int a = 0; a < 4; ++a) target.channel(SplatCloud::kRotation + a)[i] = r[a];
    }
    for (std::size_t k = 0; k < graph.nodes(); ++k) {
        const glm::vec3 g = graph.node(k);
        const glm::vec3 t = turn * g + shift - g;
        for (int a = 0; a < 3; ++a) motion.channel(SplatCloud::kPosition + a)[k] = t[a];
        for (int a = 0; a < 4; ++a) motion.channel(SplatCloud::kRotation + a)[k] = q[a];
    }
    graph.warp(motion, warped);
    float error = 0;
    for (int c = 0; c < 7; ++c)
        for (std::size_t i = 0; i < base.count; ++i)
            error = std::max(error, std::abs(warped.channel(c)[i] - target.channel(c)[i]));
    CHECK(error < 1e-5f);
    CHECK(graph.arap(motion, 1, unused) < 1e-8f);
    SplatCloud gradient(base.count, 0);
    CHECK(rigid(warped, 1, gradient) < 1e-8f);
}

TEST_CASE("the rigid term's gradient matches finite differences") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const SplatCloud before = sheet(9, random);
    SplatCloud now = before;
    jitter(now, {0, 1, 2}, 0.02f, random);
    jitter(now, {3, 4, 5, 6}, 0.2f, random);
    RigidTerm term(before);
    SplatCloud gradient(now.count, 0);
    const float value = term(now, 5, gradient);
    CHECK(value > 0);
    SplatCloud unused(now.count, 0);
    check_gradient(now, gradient, {0, 1, 2, 3, 4, 5, 6}, 5,
                   [&](const SplatCloud& at) { return double(term(at, 5, unused)); });
}

TEST_CASE("the shrinking term's gradient matches finite differences") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    SplatCloud cloud = sheet(6, random), gradient(cloud.count, 0), unused(cloud.count, 0);
    jitter(cloud, {7, 8, 9, 10}, 1, random);
    shrink_term(cloud, 2, 3, gradient);
    check_gradient(cloud, gradient, {7, 8, 9, 10}, 3,
                   [&](const SplatCloud& at) { return double(shrink_term(at, 2, 3, unused)); });
}

TEST_CASE("the temporal term pulls towards the frame before, by L1") {
    SplatCloud before(4, 0), now(4, 0), gradient(4, 0);
    now.channel(2)[1] = 0.5f;
    now.channel(2)[3] = -2;
    now.channel(7)[0] = 1;
    std::vector<float> weights(std::size_t(now.channels()), 0);
    weights[2] = 8;
    CHECK(temporal_term(now, before, weights, gradient) == doctest::Approx(8 * 2.5 / 4));
    CHECK(gradient.channel(2)[0] == 0);
    CHECK(gradient.channel(2)[1] == doctest::Approx(2));
    CHECK(gradient.channel(2)[3] == doctest::Approx(-2));
    CHECK(gradient.channel(7)[0] == 0);
}
