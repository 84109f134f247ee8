#include "encoder/pack/codebook/kmeans.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <random>
#include <unordered_set>

#include "encoder/pack/codebook/centre_tree.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"

namespace volumen {
namespace {

constexpr std::size_t kGrain = 1024;
/// Squares of differences, summed over a few dozen dimensions, stay finite.
constexpr float kMaxMagnitude = 1e15f;
/// Vectors that are looked at for each cluster, and at least, in seeding and in all mini-batches: beyond it
/// seeds and centres get better by less than a hundredth.
constexpr std::size_t kDrawsPerCluster = 64, kMinDraws = 1u << 18;
constexpr std::size_t kBatchesPerRun = 32;
/// Lloyd's passes look at so many times the draws in all, but no more often than kMaxPasses at one vector.
constexpr std::size_t kMinPasses = 2, kMaxPasses = 50, kPassWork = 4;
/// k-means||: rounds, and candidates a round for each cluster.
constexpr int kSeedRounds = 5;
constexpr double kOversampling = 0.5;

using Random = std::mt19937_64;

double uniform(Random& random) {
    return double(random() >> 11) * 0x1p-53;
}

std::size_t below(Random& random, std::size_t n) {
    return std::min(std::size_t(uniform(random) * double(n)), n - 1);
}

/// Index of a draw in proportion to `shares`, whose sum is positive.
std::size_t draw(Random& random, std::span<const double> shares, double sum) {
    double at = uniform(random) * sum;
    std::size_t last = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        if (shares[i] <= 0) continue;
        last = i;
        if ((at -= shares[i]) < 0) break;
    }
    return last;
}

/// Vectors of their own, copied together.
struct Gathered {
    std::vector<float> values, weights;
    int dimensions;

    explicit Gathered(int dims) : dimensions(dims) {}
    void add(std::span<const float> vector, float weight) {
        values.insert(values.end(), vector.begin(), vector.end());
        weights.push_back(weight);
    }
    Vectors view() const { return {values, dimensions, weights}; }
};

Gathered sample(const Vectors& vectors, std::size_t wanted, Random& random) {
    Gathered out(vectors.dimensions);
    for (std::size_t i = 0; i < wanted; ++i) {
        const std::size_t at = below(random, vectors.count());
        out.add(vectors[at], vectors.weight(at));
    }
    return out;
}

/// The distinct vectors in order of appearance, when there are at most `most`; else nothing.
std::vector<float> few_distinct(const Vectors& vectors, std::size_t most) {
    const auto hash = [&](std::size_t i) {
        std::uint64_t h = 0x9e3779b97f4a7c15;
        for (const float v : vectors[i]) {
            h = (h ^ std::bit_cast<std::uint32_t>(v + 0.0f)) * 0xff51afd7ed558ccd;  // -0 + 0 is 0
            h ^= h >> 32;
        }
        return std::size_t(h);
    };
    const auto equal = [&](std::size_t a, std::size_t b) {
        return std::ranges::equal(vectors[a], vectors[b]);
    };
    std::unordered_set<std::size_t, decltype(hash), decltype(equal)> seen(64, hash, equal);
    std::vector<float> out;
    for (std::size_t i = 0; i < vectors.count(); ++i) {
        if (!seen.insert(i).second) continue;
        if (seen.size() > most) return {};
        out.insert(out.end(), vectors[i].begin(), vectors[i].end());
    }
    return out;
}

/// Weighted k-means++: `wanted` of the candidates. Candidates are few enough to be looked at for each.
std::vector<float> thin(const Vectors& candidates, std::size_t wanted, Random& random) {
    const std::size_t n = candidates.count(), dimensions = std::size_t(candidates.dimensions);
    std::vector<float> columns(n * dimensions), nearest(n, std::numeric_limits<float>::infinity()),
        distance(n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t c = 0; c < dimensions; ++c) columns[c * n + i] = candidates[i][c];
    std::vector<double> shares(n);
    for (std::size_t i = 0; i < n; ++i) shares[i] = candidates.weight(i);
    std::vector<float> out;
    double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    while (sum > 0) {
        const std::span<const float> chosen = candidates[draw(random, shares, sum)];
        out.insert(out.end(), chosen.begin(), chosen.end());
        if (out.size() == wanted * dimensions) break;
        std::ranges::fill(distance, 0.0f);
        for (std::size_t c = 0; c < dimensions; ++c)
            for (std::size_t i = 0; i < n; ++i) {
                const float away = columns[c * n + i] - chosen[c];
                distance[i] += away * away;
            }
        sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            nearest[i] = std::min(nearest[i], distance[i]);
            sum += shares[i] = double(nearest[i]) * candidates.weight(i);
        }
    }
    return out;
}

/// k-means||: a few rounds, each of which draws many candidates at once, with a chance in proportion to their
/// share of the distortion so far. As many distinct vectors as asked for must be there.
std::vector<float> seeds(const Vectors& vectors, std::size_t wanted, Random& random) {
    const std::size_t n = vectors.count(), dimensions = std::size_t(vectors.dimensions);
    std::vector<double> shares(n);
    for (std::size_t i = 0; i < n; ++i) shares[i] = vectors.weight(i);
    double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    Gathered candidates(vectors.dimensions);
    std::vector<std::uint32_t> nearest(n), found(n);
    std::vector<float> squared(n, std::numeric_limits<float>::infinity()), distance(n);
    std::vector<std::size_t> chosen{draw(random, shares, sum)};
    for (int round = 0;; ++round) {
        const std::size_t first = candidates.weights.size();
        for (const std::size_t i : chosen) candidates.add(vectors[i], 0);
        std::ranges::fill(found, 0u);
        if (!chosen.empty()) {
            nearest_centres(vectors, std::span(candidates.values).subspan(first * dimensions), found,
                            distance);
            sum = 0;
            for (std::size_t i = 0; i < n; ++i) {
                if (distance[i] < squared[i])
                    squared[i] = distance[i], nearest[i] = std::uint32_t(first) + found[i];
                sum += shares[i] = double(squared[i]) * vectors.weight(i);
            }
        }
        if (round >= kSeedRounds || !(sum > 0)) break;
        const double expected = std::max(kOversampling * double(wanted), 1.0);
        chosen.clear();
        for (std::size_t i = 0; i < n; ++i)
            if (uniform(random) * sum < expected * shares[i]) chosen.push_back(i);
    }
    for (std::size_t i = 0; i < n; ++i) candidates.weights[nearest[i]] += vectors.weight(i);
    std::vector<float> out = thin(candidates.view(), wanted, random);
    // Too few candidates, where the draws were unlucky or few vectors are distinct: one at a time.
    while (out.size() < wanted * dimensions) {
        sum = 0;
        if (!out.empty()) {
            std::ranges::fill(found, 0u);
            nearest_centres(vectors, out, found, squared);
            for (std::size_t i = 0; i < n; ++i) sum += shares[i] = double(squared[i]) * vectors.weight(i);
        }
        const std::span<const float> vector = vectors[sum > 0 ? draw(random, shares, sum) : below(random, n)];
        out.insert(out.end(), vector.begin(), vector.end());
    }
    return out;
}

/// Sculley's: a centre moves towards each of its vectors by that one's share of all weight it has seen.
void mini_batches(const Vectors& vectors, std::size_t draws, std::span<float> centres, Random& random) {
    const std::size_t dimensions = std::size_t(vectors.dimensions);
    std::vector<double> seen(centres.size() / dimensions);
    const std::size_t size = draws / kBatchesPerRun;
    std::vector<std::uint32_t> index(size);
    std::vector<float> squared(size);
    for (std::size_t b = 0; b < kBatchesPerRun; ++b) {
        const Gathered batch = sample(vectors, size, random);
        std::ranges::fill(index, 0u);
        nearest_centres(batch.view(), centres, index, squared);
        for (std::size_t i = 0; i < size; ++i) {
            if (!(batch.weights[i] > 0)) continue;
            const float rate = float(batch.weights[i] / (seen[index[i]] += batch.weights[i]));
            float* centre = centres.data() + index[i] * dimensions;
            const float* vector = batch.values.data() + i * dimensions;
            for (std::size_t c = 0; c < dimensions; ++c) centre[c] += rate * (vector[c] - centre[c]);
        }
    }
}

}  // namespace

void check_vectors(const Vectors& vectors) {
    if (vectors.count() == 0) throw InputError("no vectors to cluster");
    parallel_for(vectors.count(), kGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            for (const float v : vectors[i])
                if (!(std::abs(v) <= kMaxMagnitude)) throw InputError("vector {} to cluster holds {}", i, v);
            const float weight = vectors.weight(i);
            if (!(weight >= 0 && std::isfinite(weight)))
                throw InputError("vector {} has weight {}", i, weight);
        }
    });
}

void nearest_centres(const Vectors& vectors, std::span<const float> centres, std::span<std::uint32_t> indices,
                     std::span<float> squared_distances) {
    const CentreTree tree(centres, vectors.dimensions);
    const std::size_t dimensions = std::size_t(vectors.dimensions);
    parallel_for(vectors.count(), kGrain, [&](std::size_t begin, std::size_t end, int) {
        const std::size_t n = end - begin;
        tree.nearest(vectors.values.subspan(begin * dimensions, n * dimensions), 1, indices.subspan(begin, n),
                     indices.subspan(begin, n), squared_distances.subspan(begin, n));
    });
}

void move_centres(const Vectors& vectors, std::span<const std::uint32_t> indices,
                  std::span<const float> squared_distances, std::span<float> centres) {
    const std::size_t dimensions = std::size_t(vectors.dimensions), k = centres.size() / dimensions;
    // Vectors sorted by centre: each centre sums its own, in their order, whatever the threads.
    std::vector<std::size_t> start(k + 1);
    for (const std::uint32_t c : indices) ++start[c + 1];
    std::partial_sum(start.begin(), start.end(), start.begin());
    std::vector<std::size_t> members(indices.size()), next(start.begin(), start.end() - 1);
    for (std::size_t i = 0; i < indices.size(); ++i) members[next[indices[i]]++] = i;
    std::vector<char> empty(k);
    parallel_for(k, 16, [&](std::size_t begin, std::size_t end, int) {
        std::vector<double> sum(dimensions);
        for (std::size_t c = begin; c < end; ++c) {
            std::ranges::fill(sum, 0.0);
            double weight = 0;
            for (std::size_t m = start[c]; m < start[c + 1]; ++m) {
                const float* vector = vectors.values.data() + members[m] * dimensions;
                const double w = vectors.weight(members[m]);
                weight += w;
                for (std::size_t j = 0; j < dimensions; ++j) sum[j] += w * vector[j];
            }
            empty[c] = !(weight > 0);
            if (empty[c]) continue;
            for (std::size_t j = 0; j < dimensions; ++j) centres[c * dimensions + j] = float(sum[j] / weight);
        }
    });
    const std::size_t empties = std::size_t(std::ranges::count(empty, 1));
    if (empties == 0) return;
    std::vector<std::size_t>& worst = members;
    const auto error = [&](std::size_t i) { return double(squared_distances[i]) * vectors.weight(i); };
    const auto worse = [&](std::size_t a, std::size_t b) {
        return error(a) != error(b) ? error(a) > error(b) : a < b;
    };
    const auto last = worst.begin() + std::ptrdiff_t(std::min(empties, worst.size()));
    std::partial_sort(worst.begin(), last, worst.end(), worse);
    auto from = worst.begin();
    for (std::size_t c = 0; c < k && from != last && error(*from) > 0; ++c)
        if (empty[c]) std::ranges::copy(vectors[*from++], centres.begin() + std::ptrdiff_t(c * dimensions));
}

double distortion(const Vectors& vectors, std::span<const float> squared_distances) {
    double sum = 0;
    for (std::size_t i = 0; i < squared_distances.size(); ++i)
        sum += double(squared_distances[i]) * vectors.weight(i);
    return sum;
}

KMeans kmeans(const Vectors& given, const KMeansOptions& options) {
    if (options.clusters < 1 || options.clusters > kMaxClusters)
        throw InputError("{} clusters: 1 to {} are possible", options.clusters, kMaxClusters);
    check_vectors(given);
    Vectors vectors = given;
    if (std::ranges::all_of(vectors.weights, [](float w) { return w == 0; })) vectors.weights = {};
    const std::size_t n = vectors.count(), k = std::size_t(options.clusters);
    KMeans out;
    out.indices.assign(n, 0);
    std::vector<float> squared(n);
    out.centres = few_distinct(vectors, k);
    if (out.centres.empty()) {
        Random random(options.seed);
        const std::size_t draws = std::max(kDrawsPerCluster * k, kMinDraws);
        if (n <= draws) {
            out.centres = seeds(vectors, k, random);
        } else {
            out.centres = seeds(sample(vectors, draws, random).view(), k, random);
            mini_batches(vectors, draws, out.centres, random);
        }
        const std::size_t passes = std::clamp(kPassWork * draws / n, kMinPasses, kMaxPasses);
        double before = std::numeric_limits<double>::infinity();
        for (std::size_t pass = 0; pass < passes; ++pass) {
            nearest_centres(vectors, out.centres, out.indices, squared);
            const double now = distortion(vectors, squared);
            if (!(now < before)) break;
            before = now;
            move_centres(vectors, out.indices, squared, out.centres);
        }
    }
    nearest_centres(vectors, out.centres, out.indices, squared);
    out.distortion = distortion(given, squared);
    return out;
}

}  // namespace volumen
