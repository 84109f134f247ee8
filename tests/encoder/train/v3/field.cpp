// The motion field against a plain one in double precision, its gradients against finite differences, and
// what it must keep: bits, entries that no splat touches, the state of a search.
#include <doctest/doctest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "encoder/train/v3/motion_field.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"
#include "tests/encoder/train/clouds.h"

using namespace volumen;
using namespace volumen::train;

namespace {

constexpr std::uint64_t kSeed = 11;
/// Three dense levels, five hashed ones.
constexpr HashGridSettings kSmall{.levels = 8, .entries_log2 = 10, .base_resolution = 4};
constexpr glm::vec3 kBoxMin(-1, 0, 2), kBoxMax(1, 4, 3);
constexpr float kExtent = 4;

/// In the box, some on its faces and some outside.
SplatCloud splats(std::size_t count, std::mt19937_64& random) {
    SplatCloud cloud(count, 0);
    for (float& value : cloud.values) value = normal(random);
    for (int axis = 0; axis < 3; ++axis) {
        const auto positions = cloud.channel(axis);
        for (float& p : positions) p = kBoxMin[axis] + (kBoxMax[axis] - kBoxMin[axis]) * uniform(random);
        positions[0] = kBoxMin[axis];
        positions[1] = kBoxMin[axis] + kExtent;
        if (axis == 1) positions[2] = -100, positions[3] = 100;
    }
    return cloud;
}

/// Parameters of the size of 1, unlike those of the start.
void stir(MotionField& field, std::mt19937_64& random) {
    for (float& value : field.grid().parameters().values) value = 2 * uniform(random) - 1;
    auto& weights = field.mlp().parameters().values;
    for (std::size_t i = field.mlp().first_weight(2); i < weights.size(); ++i)
        weights[i] = 0.2f * normal(random);
}

/// The field in double precision; only places within cells are rounded as the field rounds them.
struct Reference {
    std::vector<GridLevel> levels;
    std::vector<double> table, weights;
    SplatCloud base;

    Reference(MotionField& field, const SplatCloud& cloud)
        : levels(field.grid().levels()),
          table(field.grid().parameters().values.begin(), field.grid().parameters().values.end()),
          weights(field.mlp().parameters().values.begin(), field.mlp().parameters().values.end()),
          base(cloud) {}

    template <class Visit>
    void corners(std::size_t i, const GridLevel& level, const Visit& visit) const {
        std::uint32_t cell[3];
        double high[3];
        for (int axis = 0; axis < 3; ++axis) {
            const float place = (base.channel(axis)[i] - kBoxMin[axis]) / kExtent;
            const float at = std::clamp(place, 0.0f, 1.0f) * float(level.resolution);
            cell[axis] = std::min(std::uint32_t(std::floor(at)), level.resolution - 1);
            high[axis] = double(at) - double(cell[axis]);
        }
        for (unsigned z = 0; z < 2; ++z)
            for (unsigned y = 0; y < 2; ++y)
                for (unsigned x = 0; x < 2; ++x)
                    visit(level.first + level.entry(cell[0] + x, cell[1] + y, cell[2] + z),
                          (x ? high[0] : 1 - high[0]) * (y ? high[1] : 1 - high[1]) *
                              (z ? high[2] : 1 - high[2]));
    }

    static std::vector<double> layer(const double* matrix, const std::vector<double>& in,
                                     std::size_t outputs) {
        std::vector<double> out(outputs);
        for (std::size_t o = 0; o < outputs; ++o)
            for (std::size_t k = 0; k < in.size(); ++k) out[o] += matrix[o * in.size() + k] * in[k];
        return out;
    }

    /// Position and rotation of splat i.
    std::vector<double> moved(std::size_t i) const {
        std::vector<double> x;
        for (const GridLevel& level : levels) {
            double features[kGridFeatures] = {};
            corners(i, level, [&](std::uint32_t entry, double weight) {
                for (std::size_t f = 0; f < kGridFeatures; ++f)
                    features[f] += weight * table[entry * kGridFeatures + f];
            });
            x.insert(x.end(), features, features + kGridFeatures);
        }
        const double* matrix = weights.data();
        for (int hidden = 0; hidden < 2; ++hidden) {
            const std::size_t inputs = x.size();
            x = layer(matrix, x, Mlp::kHidden);
            for (double& value : x) value = std::max(value, 0.0);
            matrix += inputs * Mlp::kHidden;
        }
        x = layer(matrix, x, Mlp::kOutputs);
        for (int axis = 0; axis < 3; ++axis)
            x[std::size_t(axis)] = double(base.channel(axis)[i]) + double(kExtent) * x[std::size_t(axis)];
        const glm::dvec3 t(x[3], x[4], x[5]);
        const auto q = [&](int k) { return double(base.channel(SplatCloud::kRotation + k)[i]); };
        const glm::dvec3 v(q(1), q(2), q(3)), turned = v + q(0) * t + glm::cross(t, v);
        return {x[0], x[1], x[2], q(0) - glm::dot(t, v), turned.x, turned.y, turned.z};
    }

    /// ½ Σ |moved - target|², positions and rotations.
    double loss(const SplatCloud& target) const {
        double sum = 0;
        for (std::size_t i = 0; i < base.count; ++i) {
            const std::vector<double> at = moved(i);
            for (int c = 0; c < 7; ++c) {
                const double apart = at[std::size_t(c)] - double(target.channel(c)[i]);
                sum += apart * apart / 2;
            }
        }
        return sum;
    }

    /// Entries of the table that some splat takes from.
    std::set<std::size_t> touched() const {
        std::set<std::size_t> entries;
        for (std::size_t i = 0; i < base.count; ++i)
            for (const GridLevel& level : levels)
                corners(i, level, [&](std::uint32_t entry, double) { entries.insert(entry); });
        return entries;
    }
};

/// d ½ Σ |moved - target|² / d moved.
SplatCloud apart(const SplatCloud& moved, const SplatCloud& target) {
    SplatCloud out(moved.count, moved.sh_degree);
    for (int c = 0; c < 7; ++c)
        for (std::size_t i = 0; i < moved.count; ++i)
            out.channel(c)[i] = moved.channel(c)[i] - target.channel(c)[i];
    return out;
}

void search(MotionField& field, const SplatCloud& base, const SplatCloud& target, int steps,
            float rate = MotionField::kRate) {
    SplatCloud moved = base;
    for (int i = 0; i < steps; ++i) {
        field.warp(moved);
        field.pull_back(apart(moved, target));
        field.step(rate);
    }
}

/// All that a search leaves behind.
std::vector<std::vector<float>> state(MotionField& field, const SplatCloud& base) {
    SplatCloud moved = base;
    field.warp(moved);
    std::vector<std::vector<float>> out{moved.values};
    for (const Parameters* part : {&field.grid().parameters(), &field.mlp().parameters()})
        out.insert(out.end(), {part->values, part->first, part->second});
    return out;
}

double largest(const std::vector<float>& values) {
    double most = 0;
    for (const float value : values) most = std::max(most, std::abs(double(value)));
    return most;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
    REQUIRE(a.size() == b.size());
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(double(a[i]) - double(b[i])));
    return most;
}

}  // namespace

TEST_CASE("motion field: levels of the hash grid and where their entries lie") {
    std::mt19937_64 random(kSeed);
    HashGrid grid({}, random);
    const auto& levels = grid.levels();
    REQUIRE(levels.size() == 16);
    const std::uint32_t resolutions[] = {16,  24,  36,  54,   81,   121,  182,  273,
                                         410, 615, 922, 1383, 2075, 3113, 4670, 7006};
    for (std::size_t l = 0; l < 16; ++l) {
        CAPTURE(l);
        CHECK(levels[l].resolution == resolutions[l]);
        CHECK(levels[l].dense == (l < 2));
        CHECK(levels[l].entries == (l == 0 ? 4913u : l == 1 ? 15625u : 32768u));
        CHECK(levels[l].first == (l == 0 ? 0u : l == 1 ? 4913u : 20538u + 32768u * std::uint32_t(l - 2)));
    }
    CHECK(grid.parameters().values.size() == 4u * (20538 + 14 * 32768));
    CHECK(levels[0].entry(16, 2, 3) == 16 + 17 * 2 + 17 * 17 * 3);
    CHECK(levels[15].entry(5, 1234, 4321) == 24258);
    CHECK(largest(grid.parameters().values) <= 1e-4);
    CHECK(largest(grid.parameters().values) > 0.99e-4);
}

TEST_CASE("motion field: every vector width moves as the plain field does") {
    MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const SplatCloud base = splats(203, random);
    SplatCloud moved(base.count, 1);
    for (float& value : moved.values) value = normal(random);
    const SplatCloud before = moved;
    MotionField field(kBoxMin, kBoxMax, random, kSmall);
    stir(field, random);
    field.rebase(base);
    const Reference reference(field, base);
    const SplatCloud d_moved = splats(base.count, random);
    std::vector<float> table, weights;
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        CAPTURE(hwy::TargetName(target));
        hwy::SetSupportedTargetsForTest(target);
        field.warp(moved);
        field.pull_back(d_moved);
        const std::vector<float> d_table = field.table_gradient(), d_weights = field.mlp().gradient();
        hwy::SetSupportedTargetsForTest(0);
        double error = 0, size = 0;
        for (std::size_t i = 0; i < base.count; ++i) {
            const std::vector<double> wanted = reference.moved(i);
            for (int c = 0; c < 7; ++c) {
                size = std::max(size, std::abs(wanted[std::size_t(c)] - double(base.channel(c)[i])));
                error = std::max(error, std::abs(wanted[std::size_t(c)] - double(moved.channel(c)[i])));
            }
        }
        CHECK(size > 1);
        CHECK(error < 1e-5 * size);
        for (int c = SplatCloud::kScale; c < moved.channels(); ++c)
            CHECK(std::ranges::equal(moved.channel(c), before.channel(c)));
        if (table.empty()) table = d_table, weights = d_weights;
        CHECK(largest_difference(table, d_table) < 1e-5 * largest(table));
        CHECK(largest_difference(weights, d_weights) < 1e-5 * largest(weights));
    }
    hwy::SetSupportedTargetsForTest(0);
}

TEST_CASE("motion field: gradients match finite differences") {
    MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const SplatCloud base = splats(41, random), target = splats(41, random);
    MotionField field(kBoxMin, kBoxMax, random, kSmall);
    stir(field, random);
    field.rebase(base);
    SplatCloud moved = base;
    field.warp(moved);
    const SplatCloud d_moved = apart(moved, target);
    field.pull_back(d_moved);
    Reference reference(field, base);

    const auto check = [&](const char* what, std::vector<double>& values, std::size_t from, std::size_t count,
                           const std::vector<float>& gradient, const std::vector<std::size_t>& which) {
        CAPTURE(what);
        REQUIRE(gradient.size() == values.size());
        // Small enough that hardly a ReLU turns within it.
        constexpr double kStep = 1e-7;
        double size = 0, error = 0;
        for (const std::size_t i : which) {
            REQUIRE(i - from < count);
            const double before = values[i];
            values[i] = before + kStep;
            const double up = reference.loss(target);
            values[i] = before - kStep;
            const double down = reference.loss(target);
            values[i] = before;
            const double measured = (up - down) / (2 * kStep);
            size = std::max(size, std::abs(measured));
            error = std::max(error, std::abs(measured - double(gradient[i])));
        }
        CHECK(size > 0);
        CHECK(error < 3e-5 * size);
    };
    const auto some = [&](std::size_t from, std::size_t count, std::size_t wanted) {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < wanted; ++i) out.push_back(from + std::size_t(random() % count));
        return out;
    };

    const std::vector<float>& d_weights = field.mlp().gradient();
    for (int layer = 0; layer < Mlp::kLayers; ++layer) {
        const std::size_t from = field.mlp().first_weight(layer);
        const std::size_t to = layer == 2 ? d_weights.size() : field.mlp().first_weight(layer + 1);
        check("layer", reference.weights, from, to - from, d_weights, some(from, to - from, 100));
    }
    const std::vector<float> d_table = field.table_gradient();
    const std::set<std::size_t> touched = reference.touched();
    for (const GridLevel& level : reference.levels) {
        std::vector<std::size_t> which;
        const std::size_t first = level.first * kGridFeatures, count = level.entries * kGridFeatures;
        for (const std::size_t i : some(first, count, 400))
            if (which.size() < 24 && touched.contains(i / kGridFeatures)) which.push_back(i);
        REQUIRE(which.size() > 8);
        check("level", reference.table, first, count, d_table, which);
    }
    std::size_t zeros = 0;
    for (std::size_t i = 0; i < d_table.size(); ++i)
        if (!touched.contains(i / kGridFeatures)) {
            REQUIRE(d_table[i] == 0);
            ++zeros;
        }
    CHECK(zeros > 1000);
}

TEST_CASE("motion field: starts at no motion, and a step moves touched entries only") {
    MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const SplatCloud base = splats(50, random), target = splats(50, random);
    MotionField field(kBoxMin, kBoxMax, random, kSmall);
    field.rebase(base);
    SplatCloud moved = base;
    for (int axis = 0; axis < 3; ++axis) std::ranges::fill(moved.channel(axis), 5.0f);
    field.warp(moved);
    CHECK(moved.values == base.values);

    stir(field, random);
    const std::vector<float> before = field.grid().parameters().values;
    const std::set<std::size_t> touched = Reference(field, base).touched();
    // Adam's first step is the rate against the sign of the gradient.
    const auto check_first_step = [&] {
        const std::vector<float> old = field.grid().parameters().values;
        field.warp(moved);
        field.pull_back(apart(moved, target));
        const std::vector<float> gradient = field.table_gradient();
        field.step(0x1p-6f);
        const std::vector<float>& now = field.grid().parameters().values;
        std::size_t moves = 0;
        for (std::size_t i = 0; i < old.size(); ++i) {
            if (!touched.contains(i / kGridFeatures)) REQUIRE(now[i] == old[i]);
            if (std::abs(gradient[i]) < 1e-6f) continue;
            REQUIRE(old[i] - now[i] == doctest::Approx(std::copysign(0x1p-6, gradient[i])).epsilon(1e-4));
            ++moves;
        }
        CHECK(moves > 1000);
    };
    check_first_step();
    search(field, base, target, 3);
    for (std::size_t i = 0; i < before.size(); ++i)
        if (!touched.contains(i / kGridFeatures)) REQUIRE(field.grid().parameters().values[i] == before[i]);
    field.reset_moments();
    check_first_step();

    // Entries that the next base does not touch keep what the last one gave them, momentum included.
    SplatCloud corner = base;
    for (int axis = 0; axis < 3; ++axis) std::ranges::fill(corner.channel(axis), kBoxMin[axis] + 0.01f);
    const Parameters old = field.grid().parameters();
    field.rebase(corner);
    search(field, corner, target, 2);
    const std::set<std::size_t> now_touched = Reference(field, corner).touched();
    const Parameters& now = field.grid().parameters();
    for (std::size_t i = 0; i < old.values.size(); ++i)
        if (!now_touched.contains(i / kGridFeatures)) {
            REQUIRE(now.values[i] == old.values[i]);
            REQUIRE(now.first[i] == old.first[i]);
            REQUIRE(now.second[i] == old.second[i]);
        }
    CHECK(now.values != old.values);
}

TEST_CASE("motion field: the same bits from the same seed on one thread as on all") {
    MESSAGE("seed " << kSeed);
    // Chunks of the MLP enough for all threads to get some, and the last one not whole.
    constexpr std::size_t kSplats = 6000;
    std::mt19937_64 random(kSeed);
    const SplatCloud base = splats(kSplats, random), target = splats(kSplats, random);
    const auto outcome = [&] {
        std::mt19937_64 same(kSeed + 1);
        MotionField field(kBoxMin, kBoxMax, same);
        field.rebase(base);
        search(field, base, target, 4);
        return state(field, base);
    };
    const auto all = outcome();
    CHECK(outcome() == all);
    std::vector<std::vector<float>> alone;
    parallel_for(2, 1, [&](std::size_t begin, std::size_t, int) {
        if (begin == 0) alone = outcome();
    });
    CHECK(alone == all);
}

TEST_CASE("motion field: what is saved goes on with the same bits") {
    MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const SplatCloud base = splats(300, random), target = splats(300, random);
    MotionField field(kBoxMin, kBoxMax, random, kSmall);
    field.rebase(base);
    search(field, base, target, 3);
    Archive out;
    field.fields(out);
    const Bytes saved = out.release();
    search(field, base, target, 3);

    MotionField other(glm::vec3(0), glm::vec3(1), random, kSmall);
    Archive in(saved, "field");
    other.fields(in);
    in.finish();
    other.rebase(base);
    search(other, base, target, 3);
    CHECK(state(other, base) == state(field, base));

    MotionField larger(kBoxMin, kBoxMax, random, {.levels = 12, .entries_log2 = 10, .base_resolution = 4});
    Archive again(saved, "field");
    CHECK_THROWS_AS(larger.fields(again), InputError);
    Bytes damaged = saved;
    // The first value of the table, behind box, steps and count.
    for (int i = 0; i < 4; ++i) damaged[std::size_t(16 + 4 + 8 + i)] = 0xff;
    Archive bad(damaged, "field");
    CHECK_THROWS_AS(other.fields(bad), InputError);
}

TEST_CASE("motion field: learns a turn with a bend to a hundredth of the motion" *
          doctest::test_suite("measures")) {
    MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    SplatCloud base(2000, 0);
    // A body 1.8 units tall, of which the upper half turns and bows.
    for (std::size_t i = 0; i < base.count; ++i) {
        const float angle = 6.2832f * uniform(random);
        base.channel(0)[i] = 0.3f * std::cos(angle);
        base.channel(1)[i] = 0.3f * std::sin(angle);
        base.channel(2)[i] = 1.8f * uniform(random);
    }
    SplatCloud target = base, moved = base;
    double motion = 0;
    for (std::size_t i = 0; i < base.count; ++i) {
        const float x = base.channel(0)[i], y = base.channel(1)[i], z = base.channel(2)[i];
        const float turn = 0.1f * z, bow = 0.15f * z * z;
        target.channel(0)[i] = std::cos(turn) * x - std::sin(turn) * y + 0.2f * bow;
        target.channel(1)[i] = std::sin(turn) * x + std::cos(turn) * y;
        target.channel(2)[i] = z - 0.2f * bow * x;
        for (int axis = 0; axis < 3; ++axis)
            motion += std::pow(double(target.channel(axis)[i] - base.channel(axis)[i]), 2);
    }
    MotionField field(glm::vec3(-0.5f, -0.5f, 0), glm::vec3(0.5f, 0.5f, 1.8f), random, {.levels = 8});
    field.rebase(base);
    search(field, base, target, 200);
    search(field, base, target, 60, 0.1f * MotionField::kRate);
    field.warp(moved);
    double error = 0;
    for (int axis = 0; axis < 3; ++axis)
        for (std::size_t i = 0; i < base.count; ++i)
            error += std::pow(double(moved.channel(axis)[i] - target.channel(axis)[i]), 2);
    MESSAGE("error / motion " << std::sqrt(error / motion));
    CHECK(std::sqrt(error / motion) < 0.01);
}
