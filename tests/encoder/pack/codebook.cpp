#include "encoder/pack/codebook/codebook.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "encoder/pack/codebook/index_changes.h"
#include "encoder/pack/codebook/steady_path.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"
#include "tests/encoder/pack/naive_kmeans.h"
#include "tests/encoder/pack/synthetic.h"

using namespace volumen;

namespace {

std::size_t changes(const auto& path) {
    std::size_t out = 0;
    for (std::size_t f = 1; f < path.size(); ++f) out += path[f] != path[f - 1];
    return out;
}

/// The least cost over every path there is.
double best_of_all(const std::vector<float>& costs, std::size_t frames, std::size_t candidates,
                   double price) {
    double best = std::numeric_limits<double>::infinity();
    std::vector<std::size_t> path(frames);
    for (;;) {
        double cost = price * double(changes(path));
        for (std::size_t f = 0; f < frames; ++f) cost += costs[f * candidates + path[f]];
        best = std::min(best, cost);
        std::size_t f = 0;
        while (f < frames && ++path[f] == candidates) path[f++] = 0;
        if (f == frames) return best;
    }
}

/// Splats of `dimensions` that drift and, a few of them a frame, jump.
SplatHistory drifting(std::size_t splats, int frames, int dimensions, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    SplatHistory out;
    out.frames = frames, out.dimensions = dimensions;
    std::vector<float> now(std::size_t(dimensions), 0.0f), speed = now;
    for (std::size_t i = 0; i < splats; ++i) {
        for (float& v : now) v = normal(random);
        for (float& v : speed) v = 0.02f * normal(random);
        for (int f = 0; f < frames; ++f) {
            if (random() % 40 == 0)
                for (float& v : now) v = normal(random);
            for (std::size_t c = 0; c < now.size(); ++c)
                out.values.push_back((now[c] += speed[c]) + 0.05f * normal(random));
            out.weights.push_back(0.5f + float(i % 4));
        }
    }
    return out;
}

double objective(const SplatHistory& history, const Codebook& book) {
    const std::vector<float> entries = book.decoded();
    const std::size_t d = std::size_t(book.dimensions), splats = history.splats();
    double sum = 0;
    for (std::size_t i = 0; i < splats; ++i)
        for (std::size_t f = 0; f < std::size_t(history.frames); ++f) {
            const std::size_t at = i * std::size_t(history.frames) + f, e = book.indices[f * splats + i];
            sum += history.weights[at] *
                   squared_distance(history.vectors()[at], std::span(entries).subspan(e * d, d));
            if (f > 0 && e != book.indices[(f - 1) * splats + i]) sum += book.change_cost;
        }
    return sum;
}

}  // namespace

TEST_CASE("steady path: as cheap as the best of all paths") {
    constexpr unsigned kSeed = 21;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    std::uniform_real_distribution<float> uniform;
    SteadyPath steady;
    for (int run = 0; run < 400; ++run) {
        const std::size_t frames = 1 + random() % 6, candidates = 1 + random() % 4;
        std::vector<float> costs(frames * candidates);
        for (float& v : costs) v = uniform(random);
        std::vector<std::uint32_t> path(frames);
        std::size_t before = frames;
        for (const double price : {0.0, 0.01, 0.1, 0.3, 1.0, 10.0, std::numeric_limits<double>::infinity()}) {
            const double cost = steady.find(costs, candidates, price, path);
            if (std::isinf(price)) {
                REQUIRE(changes(path) == 0);
                break;
            }
            REQUIRE(cost == doctest::Approx(best_of_all(costs, frames, candidates, price)).epsilon(1e-9));
            double own = price * double(changes(path));
            for (std::size_t f = 0; f < frames; ++f) own += costs[f * candidates + path[f]];
            REQUIRE(own == doctest::Approx(cost).epsilon(1e-9));
            REQUIRE(changes(path) <= before);
            before = changes(path);
        }
    }
}

TEST_CASE("codebook: where changes cost nothing each index is the nearest decoded entry") {
    const SplatHistory history = drifting(300, 8, 3, 22);
    const Codebook book = make_codebook(history, {.entries = 50, .change_cost = 0});
    const std::vector<float> entries = book.decoded();
    REQUIRE(book.indices.size() == 300 * 8);
    for (std::size_t i = 0; i < 300; ++i)
        for (std::size_t f = 0; f < 8; ++f) {
            const auto vector = history.vectors()[i * 8 + f];
            const auto distance = [&](std::size_t e) {
                return squared_distance(vector, std::span(entries).subspan(e * 3, 3));
            };
            for (std::size_t e = 0; e < book.entries(); ++e)
                REQUIRE(distance(book.indices[f * 300 + i]) <= distance(e) * (1 + 1e-5) + 1e-12);
        }
    CHECK(objective(history, book) == doctest::Approx(book.distortion).epsilon(1e-5));
}

TEST_CASE("codebook: paths through the nearest entries are nearly as cheap as paths through all") {
    const SplatHistory history = drifting(200, 12, 3, 23);
    for (const double price : {0.001, 0.02, 0.2, 2.0}) {
        CAPTURE(price);
        const Codebook book = make_codebook(history, {.entries = 40, .change_cost = price});
        const std::vector<float> entries = book.decoded();
        double best = 0;
        SteadyPath steady;
        std::vector<std::uint32_t> path(12);
        for (std::size_t i = 0; i < 200; ++i) {
            std::vector<float> costs;
            for (std::size_t f = 0; f < 12; ++f)
                for (std::size_t e = 0; e < book.entries(); ++e)
                    costs.push_back(history.weights[i * 12 + f] *
                                    float(squared_distance(history.vectors()[i * 12 + f],
                                                           std::span(entries).subspan(e * 3, 3))));
            best += steady.find(costs, book.entries(), price, path);
        }
        const double ours = objective(history, book);
        MESSAGE("price " << price << ": cost over the best " << ours / best);
        CHECK(ours <= 1.02 * best);
    }
}

TEST_CASE("codebook: fewer indices change at a higher price, and the share asked for is met" *
          doctest::test_suite("measures")) {
    const SplatHistory history = drifting(6000, 10, 3, 24);
    double before = 1;
    for (const double price : {0.0, 0.003, 0.01, 0.03, 0.1, 1.0}) {
        // One round, so that entries are alike.
        const Codebook book = make_codebook(history, {.entries = 64, .change_cost = price, .rounds = 0});
        CHECK(book.change_share <= before);
        before = book.change_share;
    }
    for (const double share : {0.0, 0.005, 0.015, 0.05, 0.2}) {
        const Codebook book = make_codebook(history, {.entries = 64, .max_change_share = share});
        const IndexChanges found = index_changes(book.indices, history.splats());
        CHECK(double(found.gap.size()) / (6000 * 9) == doctest::Approx(book.change_share));
        CHECK(book.change_share <= share);
        if (book.change_cost > 0) CHECK(book.change_share >= 0.85 * share);
    }
    CHECK(make_codebook(history, {.entries = 64, .max_change_share = 1}).change_cost == 0);
}

TEST_CASE("codebook: a take that is still has no changes, one whose light changes has them then") {
    std::vector<SplatCloud> still(8, synthetic_cloud(500, 1, 0, 25)), lit = still;
    for (std::size_t f = 4; f < 8; ++f)
        for (int c = SplatCloud::kSh; c < SplatCloud::kSh + 3; ++c)
            for (std::size_t i = 0; i < 250; ++i) lit[f].channel(c)[i] += 1.5f;  // a lamp, on half of them
    for (const int degree : {0, 1}) {
        const Codebook book = make_codebook(sh_history(still, degree, opacity_times_area), {.entries = 64});
        CHECK(book.change_share == 0);
        CHECK(book.change_cost == 0);
    }
    const CodebookOptions options{.entries = 64, .max_change_share = 0.2};
    const Codebook book = make_codebook(sh_history(lit, 0, opacity_times_area), options);
    const IndexChanges found = index_changes(book.indices, 500);
    CHECK(found.changes_in_frame == std::vector<std::uint32_t>{0, 0, 0, 0, 250, 0, 0, 0});
    CHECK(std::ranges::count(found.gap, 0u) == 250);
    CHECK(make_codebook(sh_history(lit, 1, opacity_times_area), options).change_share == 0);
}

TEST_CASE("codebook: entries lie along their principal axis, each of use") {
    const SplatHistory history = drifting(500, 6, 9, 26);
    const Codebook book = make_codebook(history, {.entries = 200, .max_change_share = 0.01});
    CHECK(book.entries() <= 200);
    CHECK(book.centres.size() == book.levels.size());
    std::vector<int> used(book.entries());
    for (const std::uint16_t e : book.indices) {
        REQUIRE(e < book.entries());
        used[e] = 1;
    }
    CHECK(std::ranges::count(used, 1) == std::ptrdiff_t(book.entries()));
    const std::vector<float> decoded = book.decoded();
    double near = 0, far = 0;
    const auto entry = [&](std::size_t e) { return std::span(decoded).subspan(e * 9, 9); };
    for (std::size_t e = 0; e + 1 < book.entries(); ++e) {
        near += squared_distance(entry(e), entry(e + 1));
        far += squared_distance(entry(e), entry((e + book.entries() / 2) % book.entries()));
    }
    CHECK(near < 0.9 * far);
    for (std::size_t i = 0; i < decoded.size(); ++i)
        REQUIRE(std::abs(decoded[i] - book.centres[i]) <= 0.5001f * book.step[i % 9]);
}

TEST_CASE("codebook: the same on one thread as on all") {
    const SplatHistory history = drifting(800, 6, 9, 27);
    const Codebook all = make_codebook(history, {.entries = 100});
    Codebook alone[2];
    parallel_for(
        2, 1, [&](std::size_t i, std::size_t, int) { alone[i] = make_codebook(history, {.entries = 100}); });
    for (const Codebook& other : alone) {
        CHECK(other.levels == all.levels);
        CHECK(other.indices == all.indices);
        CHECK(other.distortion == all.distortion);
    }
}

TEST_CASE("codebook: one splat, one frame, no weight, and what is refused") {
    const SplatHistory one{1, 3, {1, 2, 3}, {}};
    const Codebook book = make_codebook(one, {});
    CHECK(book.decoded() == std::vector<float>{1, 2, 3});
    CHECK(book.indices == std::vector<std::uint16_t>{0});
    const SplatHistory weightless{2, 1, {1, 2, 3, 4}, {0, 0, 0, 0}};
    CHECK(make_codebook(weightless, {.max_change_share = 0}).change_share == 0);
    SplatHistory bad = one;
    bad.values[1] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_AS(make_codebook(bad, {}), InputError);
    CHECK_THROWS_AS(make_codebook({2, 3, {1, 2, 3}, {}}, {}), InputError);
    CHECK_THROWS_AS(make_codebook({1, 3, {1, 2, 3}, {1, 1}}, {}), InputError);
    CHECK_THROWS_AS(make_codebook({1, 3, {}, {}}, {}), InputError);
    CHECK_THROWS_AS(make_codebook(one, {.entries = 0}), InputError);
    CHECK_THROWS_AS(make_codebook(one, {.entries = kMaxClusters + 1}), InputError);
    CHECK_THROWS_AS(make_codebook(one, {.max_change_share = -1}), InputError);
    const std::vector<SplatCloud> frames{SplatCloud(3, 1), SplatCloud(4, 1)};
    CHECK_THROWS_AS(sh_history(frames, 1, opacity_times_area), InputError);
    CHECK_THROWS_AS(sh_history(std::span(frames).first(1), 2, opacity_times_area), InputError);
}

TEST_CASE("index changes: there and back") {
    constexpr unsigned kSeed = 28;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    for (const std::size_t splats : {1u, 2u, 63u, 500u})
        for (const std::size_t frames : {1u, 2u, 9u})
            for (const unsigned steady : {1u, 5u, 1000u}) {
                std::vector<std::uint16_t> indices(frames * splats);
                for (std::size_t i = 0; i < indices.size(); ++i)
                    indices[i] =
                        i >= splats && random() % steady ? indices[i - splats] : std::uint16_t(random());
                const IndexChanges changes = index_changes(indices, splats);
                CHECK(changes.frames() == frames);
                REQUIRE(all_indices(changes) == indices);
            }
    const std::vector<std::uint16_t> indices{5, 6, 7, 5, 8, 7, 1, 8, 2};
    IndexChanges changes = index_changes(indices, 3);
    CHECK(changes.first == std::vector<std::uint16_t>{5, 6, 7});
    CHECK(changes.changes_in_frame == std::vector<std::uint32_t>{0, 1, 2});
    CHECK(changes.gap == std::vector<std::uint32_t>{1, 0, 1});
    CHECK(changes.index == std::vector<std::uint16_t>{8, 1, 2});
    for (const auto spoil :
         {+[](IndexChanges& c) { c.gap[2] = 2; }, +[](IndexChanges& c) { c.gap[0] = ~0u; },
          +[](IndexChanges& c) { c.gap.pop_back(); }, +[](IndexChanges& c) { c.first.pop_back(); },
          +[](IndexChanges& c) { ++c.changes_in_frame[0]; },
          +[](IndexChanges& c) { --c.changes_in_frame[1]; },
          +[](IndexChanges& c) { ++c.changes_in_frame[2]; }}) {
        IndexChanges spoilt = changes;
        spoil(spoilt);
        CHECK_THROWS_AS(all_indices(spoilt), InputError);
    }
}
