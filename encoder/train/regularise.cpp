#include "encoder/train/regularise.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "encoder/train/quaternion.h"
#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr std::size_t kGrain = 1024;
constexpr float kStretchTolerance =
    1.5f;  ///< a pair longer than this times its first length starts to lose its weight

}  // namespace

RigidTerm::RigidTerm(const SplatCloud& cloud) {
    std::vector<glm::vec3> points(cloud.count);
    for (std::size_t i = 0; i < cloud.count; ++i) points[i] = position(cloud, i);
    near_ = nearest(points, points, kNeighbours, true);
    const std::size_t k = std::size_t(near_.k), pairs = near_.indices.size();
    pair_weight_.resize(pairs);
    length_ = near_.squared_distances;
    // Spacing from the middle neighbour; not below a small share of the median, where splats coincide.
    std::vector<float> spacing(cloud.count);
    for (std::size_t i = 0; i < cloud.count && k > 0; ++i)
        spacing[i] = near_.squared_distances[i * k + k / 2];
    std::vector<float> sorted = spacing;
    float floor = 1e-12f;
    if (!sorted.empty()) {
        std::nth_element(sorted.begin(), sorted.begin() + std::ptrdiff_t(sorted.size() / 2), sorted.end());
        floor = std::max(0.05f * sorted[sorted.size() / 2], floor);
    }
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const float squared = std::max(spacing[i], floor);
        for (std::size_t e = i * k; e < (i + 1) * k; ++e)
            pair_weight_[e] = std::exp(-length_[e] / (2 * squared)) / squared;
    }
    reverse_start_.assign(cloud.count + 1, 0);
    for (const std::uint32_t i : near_.indices) ++reverse_start_[i + 1];
    std::partial_sum(reverse_start_.begin(), reverse_start_.end(), reverse_start_.begin());
    reverse_.resize(pairs);
    std::vector<std::uint32_t> next(reverse_start_.begin(), reverse_start_.end() - 1);
    for (std::size_t e = 0; e < pairs; ++e) reverse_[next[near_.indices[e]]++] = std::uint32_t(e);
    edge_.resize(pairs), pull_.resize(pairs), weight_now_.resize(pairs);
    energy_.resize(cloud.count);
    rebase(cloud);
}

void RigidTerm::rebase(const SplatCloud& previous) {
    previous_ = previous;
    const std::size_t k = std::size_t(near_.k);
    parallel_for(previous.count, kGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i)
            for (std::size_t e = i * k; e < (i + 1) * k; ++e) {
                edge_[e] = position(previous, i) - position(previous, near_.indices[e]);
                const float stretch = glm::dot(edge_[e], edge_[e]) / std::max(length_[e], 1e-20f);
                const float limit = kStretchTolerance * kStretchTolerance;
                weight_now_[e] = pair_weight_[e] * (stretch > limit ? limit / stretch : 1);
            }
    });
}

float RigidTerm::operator()(const SplatCloud& cloud, float weight, SplatCloud& gradients) {
    const std::size_t k = std::size_t(near_.k), n = cloud.count;
    if (k == 0) return 0;
    const float scale = weight / (float(n) * float(k));
    parallel_for(n, kGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            const glm::mat3 before = glm::transpose(rotation_matrix(rotation(previous_, i)));
            const Quaternion q = rotation(cloud, i);
            const glm::mat3 turn = rotation_matrix(q) * before;
            const glm::vec3 x = position(cloud, i);
            glm::mat3 d_turn(0);
            float energy = 0;
            for (std::size_t e = i * k; e < (i + 1) * k; ++e) {
                const glm::vec3 off = turn * edge_[e] - (x - position(cloud, near_.indices[e]));
                const float w = scale * weight_now_[e];
                energy += w * glm::dot(off, off);
                pull_[e] = -2 * w * off;
                d_turn += glm::outerProduct(2 * w * off, edge_[e]);
            }
            energy_[i] = energy;
            // turn = R(q) · before, so d loss / d R = d_turn · beforeᵀ.
            const Quaternion d_q = rotation_gradient(q, d_turn * glm::transpose(before));
            for (int a = 0; a < 4; ++a) gradients.channel(SplatCloud::kRotation + a)[i] += d_q[a];
        }
    });
    parallel_for(n, kGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            glm::vec3 d(0);
            for (std::size_t e = i * k; e < (i + 1) * k; ++e) d += pull_[e];
            for (std::size_t r = reverse_start_[i]; r < reverse_start_[i + 1]; ++r) d -= pull_[reverse_[r]];
            for (int a = 0; a < 3; ++a) gradients.channel(SplatCloud::kPosition + a)[i] += d[a];
        }
    });
    return std::accumulate(energy_.begin(), energy_.end(), 0.0f);
}

float temporal_term(const SplatCloud& cloud, const SplatCloud& previous, std::span<const float> weights,
                    SplatCloud& gradients) {
    std::vector<float> terms(std::size_t(cloud.channels()), 0);
    parallel_for(terms.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t c = begin; c < end; ++c) {
            if (weights[c] == 0) continue;
            const float pull = weights[c] / float(cloud.count);
            const float* now = cloud.channel(int(c)).data();
            const float* before = previous.channel(int(c)).data();
            float* to = gradients.channel(int(c)).data();
            float sum = 0;
            for (std::size_t i = 0; i < cloud.count; ++i) {
                const float change = now[i] - before[i];
                sum += std::abs(change);
                to[i] += change > 0 ? pull : change < 0 ? -pull : 0;
            }
            terms[c] = pull * sum;
        }
    });
    return std::accumulate(terms.begin(), terms.end(), 0.0f);
}

float shrink_term(const SplatCloud& cloud, float opacity_weight, float size_weight, SplatCloud& gradients) {
    const float opacity_pull = opacity_weight / float(cloud.count),
                size_pull = size_weight / (3 * float(cloud.count));
    float sum = 0;
    const std::span<const float> logit = cloud.channel(SplatCloud::kOpacity);
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const float opacity = 1 / (1 + std::exp(-logit[i]));
        sum += opacity_pull * opacity;
        gradients.channel(SplatCloud::kOpacity)[i] += opacity_pull * opacity * (1 - opacity);
    }
    for (int a = 0; a < 3; ++a) {
        const std::span<const float> scale = cloud.channel(SplatCloud::kScale + a);
        const std::span<float> to = gradients.channel(SplatCloud::kScale + a);
        for (std::size_t i = 0; i < cloud.count; ++i) {
            const float pull = size_pull * std::exp(scale[i]);
            sum += pull;
            to[i] += pull;
        }
    }
    return sum;
}

}  // namespace volumen::train
