#include "encoder/pack/codebook/kmeans.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "encoder/pack/codebook/centre_tree.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"
#include "tests/encoder/pack/naive_kmeans.h"

using namespace volumen;

namespace {

/// `groups` balls of the given radius, around places far apart.
std::vector<float> balls(std::size_t n, int dimensions, int groups, float radius, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> middles(std::size_t(groups * dimensions)), out;
    for (float& v : middles) v = normal(random);
    for (std::size_t i = 0; i < n; ++i)
        for (int c = 0; c < dimensions; ++c)
            out.push_back(middles[i % std::size_t(groups) * std::size_t(dimensions) + std::size_t(c)] +
                          radius * normal(random));
    return out;
}

}  // namespace

TEST_CASE("centre tree: the nearest centres are those that a search through all finds") {
    for (const unsigned seed : {1u, 2u})
        for (const int dimensions : {1, 3, 9, 21})
            for (const std::size_t count : {1u, 5u, 16u, 17u, 300u, 1500u}) {
                CAPTURE(seed);
                CAPTURE(dimensions);
                CAPTURE(count);
                std::vector<float> centres = balls(count, dimensions, 40, 0.1f, seed);
                for (float& v : centres) v = std::round(v * 8) / 8;  // exact distances, with ties
                std::vector<float> vectors = balls(60, dimensions, 40, 0.5f, seed);
                for (float& v : vectors) v = std::round(v * 8) / 8;
                constexpr int kWanted = 3;
                std::vector<std::uint32_t> indices(60 * kWanted), hinted(60, std::uint32_t(count / 2));
                std::vector<float> squared(60 * kWanted), squared_hinted(60);
                const CentreTree tree(centres, dimensions);
                tree.nearest(vectors, kWanted, {}, indices, squared);
                tree.nearest(vectors, 1, hinted, hinted, squared_hinted);
                const std::size_t d = std::size_t(dimensions);
                for (std::size_t i = 0; i < 60; ++i) {
                    std::vector<std::pair<double, std::uint32_t>> all;
                    for (std::size_t j = 0; j < count; ++j)
                        all.push_back({squared_distance(std::span(vectors).subspan(i * d, d),
                                                        std::span(centres).subspan(j * d, d)),
                                       std::uint32_t(j)});
                    std::ranges::sort(all);
                    for (std::size_t j = 0; j < kWanted; ++j) {
                        const std::size_t at = i * kWanted + j;
                        if (j < count) {
                            REQUIRE(indices[at] == all[j].second);
                            REQUIRE(squared[at] == float(all[j].first));
                        } else {
                            REQUIRE(indices[at] == indices[at - 1]);
                            REQUIRE(std::isinf(squared[at]));
                        }
                    }
                    REQUIRE(hinted[i] == indices[i * kWanted]);
                    REQUIRE(squared_hinted[i] == squared[i * kWanted]);
                }
            }
}

TEST_CASE("kmeans: groups far apart are found exactly") {
    for (const unsigned seed : {1u, 2u, 3u, 4u, 5u})
        for (const int dimensions : {3, 9, 15, 21}) {
            CAPTURE(seed);
            CAPTURE(dimensions);
            constexpr int kGroups = 20;
            constexpr std::size_t kCount = 2000;
            const std::vector<float> values = balls(kCount, dimensions, kGroups, 0.001f, seed);
            const Vectors vectors{values, dimensions, {}};
            const KMeans result = kmeans(vectors, {kGroups, seed});
            REQUIRE(result.centres.size() == std::size_t(kGroups * dimensions));
            for (std::size_t i = 0; i < kCount; ++i)
                REQUIRE(result.indices[i] == result.indices[i % kGroups]);
            REQUIRE(std::set(result.indices.begin(), result.indices.end()).size() == kGroups);
            const double within = 0.001 * 0.001 * dimensions * (kCount - kGroups);
            CHECK(result.distortion == doctest::Approx(within).epsilon(0.1));
        }
}

TEST_CASE("kmeans: its distortion is that of Lloyd's algorithm from k-means++ seeds, within 3 %") {
    const auto weight_of = [](std::size_t i) { return i % 7 == 0 ? 5.0f : 1.0f; };
    for (const int k : {16, 100}) {
        double sum = 0, naive_sum = 0;
        for (const unsigned seed : {1u, 2u, 3u, 4u}) {
            CAPTURE(seed);
            CAPTURE(k);
            const std::vector<float> values = balls(3000, 9, 40, 0.7f, seed);
            std::vector<float> weights;
            for (std::size_t i = 0; i < 3000; ++i) weights.push_back(weight_of(i));
            const Vectors vectors{values, 9, weights};
            const double naive = naive_kmeans(vectors, k, seed, 30);
            const double ours = kmeans(vectors, {k, seed}).distortion;
            CHECK(ours < 1.03 * naive);
            sum += ours, naive_sum += naive;
        }
        MESSAGE("k = " << k << ": distortion over naive, mean of seeds 1 to 4: " << sum / naive_sum);
        CHECK(sum < 1.01 * naive_sum);
    }
}

TEST_CASE("kmeans: mini-batches are nearly as good, and each index is the nearest centre" *
          doctest::test_suite("measures")) {
    constexpr std::size_t kCount = 300'000;  // more than are drawn
    constexpr unsigned kSeed = 11;
    MESSAGE("seed " << kSeed);
    const std::vector<float> values = balls(kCount, 3, 60, 0.3f, kSeed);
    const Vectors vectors{values, 3, {}};
    constexpr int kClusters = 100;
    const KMeans result = kmeans(vectors, {kClusters, kSeed});
    CHECK(result.distortion < 1.03 * naive_kmeans(vectors, kClusters, kSeed, 8));
    double sum = 0;
    std::size_t nearer = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
        const std::span<const float> own = std::span(result.centres).subspan(result.indices[i] * 3, 3);
        const double distance = squared_distance(vectors[i], own);
        sum += distance;
        for (std::size_t j = 0; j < kClusters; ++j)
            nearer += squared_distance(vectors[i], std::span(result.centres).subspan(j * 3, 3)) <
                      distance * (1 - 1e-5) - 1e-12;
    }
    CHECK(nearer == 0);
    CHECK(sum == doctest::Approx(result.distortion).epsilon(1e-4));
}

TEST_CASE("kmeans: the same on one thread as on all, and for a seed") {
    const std::vector<float> values = balls(280'000, 3, 60, 0.3f, 12);
    const Vectors vectors{values, 3, {}};
    const KMeans all = kmeans(vectors, {200, 5});
    KMeans alone[2];
    parallel_for(2, 1, [&](std::size_t i, std::size_t, int) { alone[i] = kmeans(vectors, {200, 5}); });
    for (const KMeans& other : alone) {
        CHECK(other.centres == all.centres);
        CHECK(other.indices == all.indices);
        CHECK(other.distortion == all.distortion);
    }
    CHECK(kmeans(vectors, {200, 6}).centres != all.centres);
}

TEST_CASE("kmeans: few distinct vectors are the centres; weights of zero do not count") {
    const std::vector<float> three{1, 2, -3, 4, 1, 2, 0, 0, -3, 4, -0.0f, 0};
    for (const int k : {3, 4, 100}) {
        const KMeans result = kmeans({three, 2, {}}, {k, 1});
        CHECK(result.centres == std::vector<float>{1, 2, -3, 4, 0, 0});
        CHECK(result.indices == std::vector<std::uint32_t>{0, 1, 0, 2, 1, 2});
        CHECK(result.distortion == 0);
    }
    const std::vector<float> same(3000, 0.25f);
    CHECK(kmeans({same, 3, {}}, {50, 1}).centres == std::vector<float>{0.25f, 0.25f, 0.25f});
    const std::vector<float> one{1, 2, 3};
    CHECK(kmeans({one, 3, {}}, {1, 1}).centres == one);
    const std::vector<float> line{0, 1, 5, 6, 1000}, weights{1, 1, 1, 1, 0};
    KMeans result = kmeans({line, 1, weights}, {2, 1});
    std::ranges::sort(result.centres);
    CHECK(result.centres == std::vector<float>{0.5f, 5.5f});
    const std::vector<float> nothing(5);
    CHECK(kmeans({line, 1, nothing}, {1, 1}).centres[0] == doctest::Approx(202.4));
}

TEST_CASE("kmeans: a centre without vectors is moved to where the error is largest") {
    const std::vector<float> values{0, 1, 2, 50};
    std::vector<float> centres{1, 500}, squared(4);
    std::vector<std::uint32_t> indices(4);
    nearest_centres({values, 1, {}}, centres, indices, squared);
    move_centres({values, 1, {}}, indices, squared, centres);
    CHECK(centres == std::vector<float>{13.25f, 50});
}

TEST_CASE("kmeans: what cannot be clustered is refused") {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e20f}) {
        std::vector<float> values(30, 1), weights(10, 1);
        values[17] = bad;
        CHECK_THROWS_AS(kmeans({values, 3, weights}, {2, 1}), InputError);
    }
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1.0f}) {
        std::vector<float> values(30, 1), weights(10, 1);
        weights[7] = bad;
        CHECK_THROWS_AS(kmeans({values, 3, weights}, {2, 1}), InputError);
    }
    const std::vector<float> values(30, 1);
    CHECK_THROWS_AS(kmeans({{}, 3, {}}, {2, 1}), InputError);
    CHECK_THROWS_AS(kmeans({values, 3, {}}, {0, 1}), InputError);
    CHECK_THROWS_AS(kmeans({values, 3, {}}, {kMaxClusters + 1, 1}), InputError);
}
