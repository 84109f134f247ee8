// Lloyd's algorithm from k-means++ seeds, written down as it is defined: what kmeans is measured by.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "encoder/pack/codebook/kmeans.h"

namespace volumen {

inline double squared_distance(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t c = 0; c < a.size(); ++c) sum += (double(a[c]) - b[c]) * (double(a[c]) - b[c]);
    return sum;
}

/// The weighted distortion after at most `passes` passes.
inline double naive_kmeans(const Vectors& vectors, int k, unsigned seed, int passes) {
    const std::size_t n = vectors.count(), d = std::size_t(vectors.dimensions);
    std::mt19937 random(seed);
    std::vector<float> centres;
    std::vector<double> nearest(n, std::numeric_limits<double>::infinity()), shares(n);
    for (std::size_t i = 0; i < n; ++i) shares[i] = vectors.weight(i);
    for (int j = 0; j < k; ++j) {
        const std::size_t at = std::discrete_distribution<std::size_t>(shares.begin(), shares.end())(random);
        const std::vector<float> chosen(vectors[at].begin(), vectors[at].end());
        centres.insert(centres.end(), chosen.begin(), chosen.end());
        for (std::size_t i = 0; i < n; ++i) {
            nearest[i] = std::min(nearest[i], squared_distance(vectors[i], chosen));
            shares[i] = vectors.weight(i) * nearest[i];
        }
    }
    double before = std::numeric_limits<double>::infinity();
    for (int pass = 0; pass < passes; ++pass) {
        std::vector<double> sums(centres.size()), weights(std::size_t(k), 0.0);
        double distortion = 0;
        for (std::size_t i = 0; i < n; ++i) {
            std::size_t best = 0;
            double least = std::numeric_limits<double>::infinity();
            for (std::size_t j = 0; j < std::size_t(k); ++j) {
                const double distance = squared_distance(vectors[i], std::span(centres).subspan(j * d, d));
                if (distance < least) least = distance, best = j;
            }
            const double w = vectors.weight(i);
            distortion += w * least, weights[best] += w;
            for (std::size_t c = 0; c < d; ++c) sums[best * d + c] += w * vectors[i][c];
        }
        if (!(distortion < before)) break;
        before = distortion;
        for (std::size_t j = 0; j < std::size_t(k); ++j)
            for (std::size_t c = 0; c < d && weights[j] > 0; ++c)
                centres[j * d + c] = float(sums[j * d + c] / weights[j]);
    }
    return before;
}

}  // namespace volumen
