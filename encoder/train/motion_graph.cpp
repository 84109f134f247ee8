#include "encoder/train/motion_graph.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "encoder/train/quaternion.h"
#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr float kNodeOpacity = 0;  ///< logit from which a splat may become a node: opacity 0.5

float squared(glm::vec3 v) {
    return glm::dot(v, v);
}

}  // namespace

std::vector<std::uint32_t> farthest_points(std::span<const glm::vec3> points,
                                           std::span<const std::uint32_t> eligible, std::size_t count) {
    std::vector<std::uint32_t> out;
    std::vector<float> distance(eligible.size(), INFINITY);
    std::size_t next = 0;
    while (out.size() < std::min(count, eligible.size())) {
        out.push_back(eligible[next]);
        const glm::vec3 p = points[eligible[next]];
        for (std::size_t i = 0; i < eligible.size(); ++i)
            distance[i] = std::min(distance[i], squared(points[eligible[i]] - p));
        next = std::size_t(std::max_element(distance.begin(), distance.end()) - distance.begin());
    }
    return out;
}

MotionGraph::MotionGraph(const SplatCloud& cloud, int nodes) {
    const std::vector<glm::vec3> points = positions(cloud);
    std::vector<std::uint32_t> eligible;
    for (std::size_t i = 0; i < cloud.count; ++i)
        if (cloud.channel(SplatCloud::kOpacity)[i] > kNodeOpacity) eligible.push_back(std::uint32_t(i));
    if (eligible.size() < std::size_t(nodes)) {
        eligible.resize(cloud.count);
        std::iota(eligible.begin(), eligible.end(), 0u);
    }
    node_splat_ = farthest_points(points, eligible, std::size_t(nodes));

    std::vector<glm::vec3> at;
    for (const std::uint32_t i : node_splat_) at.push_back(points[i]);
    candidates_ = nearest(at, points, kCandidates, false);
    farthest_.assign(candidates_.indices.size(), 0);
    const Neighbours edges = nearest(at, at, kCandidates, true);
    edges_ = edges.indices, edge_count_ = edges.k;
    edge_farthest_.assign(edges_.size(), 0);
    rebase(cloud);
}

void MotionGraph::rebase(const SplatCloud& cloud) {
    std::vector<glm::vec3> at;
    for (const std::uint32_t i : node_splat_) at.push_back(position(cloud, i));
    parallel_for(cloud.count, 2048, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i)
            for (std::size_t c = i * candidates_.k; c < (i + 1) * candidates_.k; ++c)
                farthest_[c] =
                    std::max(farthest_[c], squared(position(cloud, i) - at[candidates_.indices[c]]));
    });
    for (std::size_t j = 0; j < nodes(); ++j)
        for (std::size_t e = j * edge_count_; e < (j + 1) * edge_count_; ++e)
            edge_farthest_[e] = std::max(edge_farthest_[e], squared(at[j] - at[edges_[e]]));

    // Edges: nearest first by the largest distance so far.
    std::vector<float> first;
    for (std::size_t j = 0; j < nodes(); ++j) {
        const std::size_t from = j * edge_count_, to = from + edge_count_;
        std::vector<std::size_t> order(std::size_t(edge_count_), 0);
        std::iota(order.begin(), order.end(), from);
        std::sort(order.begin(), order.end(),
                  [&](std::size_t a, std::size_t b) { return edge_farthest_[a] < edge_farthest_[b]; });
        std::vector<std::uint32_t> index;
        std::vector<float> farthest;
        for (const std::size_t e : order) index.push_back(edges_[e]), farthest.push_back(edge_farthest_[e]);
        std::copy(index.begin(), index.end(), edges_.begin() + std::ptrdiff_t(from));
        std::copy(farthest.begin(), farthest.end(), edge_farthest_.begin() + std::ptrdiff_t(from));
        if (to > from) first.push_back(edge_farthest_[from]);
    }
    if (!first.empty()) {
        std::nth_element(first.begin(), first.begin() + std::ptrdiff_t(first.size() / 2), first.end());
        spacing_ = std::max(std::sqrt(first[first.size() / 2]), 1e-6f);
    }
    skinning_ = {cloud, std::move(at), bind(cloud.count)};
}

Anchors MotionGraph::bind(std::size_t splats) const {
    Anchors out;
    out.per_splat = std::min(kNodesPerSplat, candidates_.k);
    const std::size_t n = std::size_t(out.per_splat);
    out.joints.resize(splats * n), out.weights.resize(splats * n);
    parallel_for(splats, 1024, [&](std::size_t begin, std::size_t end, int) {
        std::vector<std::size_t> order(std::size_t(candidates_.k), 0);
        for (std::size_t i = begin; i < end; ++i) {
            std::iota(order.begin(), order.end(), i * candidates_.k);
            std::partial_sort(order.begin(), order.begin() + out.per_splat, order.end(),
                              [&](std::size_t a, std::size_t b) {
                                  return farthest_[a] != farthest_[b] ? farthest_[a] < farthest_[b] : a < b;
                              });
            float sum = 0;
            const float nearest_squared = farthest_[order[0]];
            for (std::size_t b = 0; b < n; ++b) {
                const std::size_t c = order[b];
                // Relative to the nearest, so that a splat far from all nodes still has weights.
                const float w = std::exp(-(farthest_[c] - nearest_squared) / (2 * spacing_ * spacing_));
                out.joints[i * n + b] = candidates_.indices[c];
                out.weights[i * n + b] = w;
                sum += w;
            }
            for (std::size_t b = 0; b < n; ++b) out.weights[i * n + b] /= sum;
        }
    });
    return out;
}

float MotionGraph::arap(const SplatCloud& motion, float weight, SplatCloud& d_motion) const {
    const int used = std::min(edge_count_, kNodeEdges);
    if (used == 0) return 0;
    const float scale = weight / (float(nodes()) * float(used) * spacing_ * spacing_);
    float energy = 0;
    for (std::size_t j = 0; j < nodes(); ++j) {
        const Quaternion q = rotation(motion, j);
        const glm::mat3 turn = rotation_matrix(q);
        glm::mat3 d_turn(0);
        for (int e = 0; e < used; ++e) {
            const std::size_t k = edges_[j * edge_count_ + e];
            const glm::vec3 edge = node(k) - node(j);
            const glm::vec3 off = turn * edge + node(j) + position(motion, j) - node(k) - position(motion, k);
            energy += scale * squared(off);
            const glm::vec3 d = 2 * scale * off;
            d_turn += glm::outerProduct(d, edge);
            for (int a = 0; a < 3; ++a) {
                d_motion.channel(SplatCloud::kPosition + a)[j] += d[a];
                d_motion.channel(SplatCloud::kPosition + a)[k] -= d[a];
            }
        }
        const Quaternion d_q = rotation_gradient(q, d_turn);
        for (int a = 0; a < 4; ++a) d_motion.channel(SplatCloud::kRotation + a)[j] += d_q[a];
    }
    return energy;
}

}  // namespace volumen::train
