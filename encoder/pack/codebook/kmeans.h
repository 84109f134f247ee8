// K-means over millions of short vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace volumen {

inline constexpr int kMaxClusters = 8192;

/// n vectors of `dimensions` floats, one behind the other, and n weights, or none where all count alike.
struct Vectors {
    std::span<const float> values;
    int dimensions = 1;
    std::span<const float> weights;

    std::size_t count() const { return values.size() / std::size_t(dimensions); }
    std::span<const float> operator[](std::size_t i) const {
        return values.subspan(i * std::size_t(dimensions), std::size_t(dimensions));
    }
    float weight(std::size_t i) const { return weights.empty() ? 1.0f : weights[i]; }
};

struct KMeansOptions {
    int clusters = 256;  ///< 1 to kMaxClusters
    std::uint64_t seed = 1;
};

struct KMeans {
    std::vector<float> centres;          ///< k × dimensions
    std::vector<std::uint32_t> indices;  ///< the nearest centre of each vector, the lowest of several
    double distortion = 0;               ///< Σ weight · squared distance to the nearest centre
};

/// Centres with little weighted squared distance from the vectors to the nearest of them. Seeded by k-means||
/// (Bahmani et al. 2012), whose candidates are thinned by k-means++ (Arthur and Vassilvitskii 2007); then
/// mini-batches whose rate decays with what a centre has seen (Sculley 2010), then Lloyd's passes over all
/// vectors, as many as are affordable and two at least. Time is linear in n for large n. Where there are no
/// more than `clusters` distinct vectors, these are the centres; else k = clusters. A weight of zero is of no
/// influence, unless all are zero: then all count alike. Threaded; the same for a seed on any number of
/// threads. Throws InputError on vectors that are not finite or beyond ±1e15, on weights that are negative or
/// not finite, and where there is no vector at all.
KMeans kmeans(const Vectors& vectors, const KMeansOptions& options);

/// What kmeans refuses, refused.
void check_vectors(const Vectors& vectors);

/// Each vector's nearest centre (k × dimensions) and its squared distance. `indices` holds where to look
/// first (any centres), and then the result. Threaded.
void nearest_centres(const Vectors& vectors, std::span<const float> centres, std::span<std::uint32_t> indices,
                     std::span<float> squared_distances);

/// One step of Lloyd: each centre moves to the weighted mean of its vectors; those without weight are moved
/// to the vectors whose weighted squared distance is largest. Threaded.
void move_centres(const Vectors& vectors, std::span<const std::uint32_t> indices,
                  std::span<const float> squared_distances, std::span<float> centres);

/// Σ weight · squared distance.
double distortion(const Vectors& vectors, std::span<const float> squared_distances);

}  // namespace volumen
