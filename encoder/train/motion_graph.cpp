#include "encoder/train/motion_graph.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "encoder/train/quaternion.h"
#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr float kNodeOpacity = 0;  ///< logit from which a splat may become a node: opacity 0.5
constexpr std::size_t kChunks =
    16;  ///< partial sums in pull_back: fixed, so that results do not depend on threads

std::vector<glm::vec3> positions(const SplatCloud& cloud) {
    std::vector<glm::vec3> out(cloud.count);
    for (std::size_t i = 0; i < cloud.count; ++i) out[i] = position(cloud, i);
    return out;
}

float squared(glm::vec3 v) {
    return glm::dot(v, v);
}

}  // namespace

MotionGraph::MotionGraph(const SplatCloud& cloud, int nodes) {
    const std::vector<glm::vec3> points = positions(cloud);
    std::vector<std::uint32_t> eligible;
    for (std::size_t i = 0; i < cloud.count; ++i)
        if (cloud.channel(SplatCloud::kOpacity)[i] > kNodeOpacity) eligible.push_back(std::uint32_t(i));
    if (eligible.empty()) {
        eligible.resize(cloud.count);
        std::iota(eligible.begin(), eligible.end(), 0u);
    }
    const std::size_t wanted = std::min(std::size_t(nodes), eligible.size());
    std::vector<float> distance(eligible.size(), INFINITY);
    std::size_t next = 0;
    while (node_splat_.size() < wanted) {
        node_splat_.push_back(eligible[next]);
        const glm::vec3 p = points[eligible[next]];
        for (std::size_t i = 0; i < eligible.size(); ++i)
            distance[i] = std::min(distance[i], squared(points[eligible[i]] - p));
        next = std::size_t(std::max_element(distance.begin(), distance.end()) - distance.begin());
    }

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
    base_ = cloud;
    node_.clear();
    for (const std::uint32_t i : node_splat_) node_.push_back(position(cloud, i));
    parallel_for(cloud.count, 2048, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i)
            for (std::size_t c = i * candidates_.k; c < (i + 1) * candidates_.k; ++c)
                farthest_[c] =
                    std::max(farthest_[c], squared(position(base_, i) - node_[candidates_.indices[c]]));
    });
    for (std::size_t j = 0; j < nodes(); ++j)
        for (std::size_t e = j * edge_count_; e < (j + 1) * edge_count_; ++e)
            edge_farthest_[e] = std::max(edge_farthest_[e], squared(node_[j] - node_[edges_[e]]));

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
    bind();
}

void MotionGraph::bind() {
    bound_count_ = std::min(kNodesPerSplat, candidates_.k);
    bound_.resize(base_.count * bound_count_);
    weight_.resize(bound_.size());
    parallel_for(base_.count, 1024, [&](std::size_t begin, std::size_t end, int) {
        std::vector<std::size_t> order(std::size_t(candidates_.k), 0);
        for (std::size_t i = begin; i < end; ++i) {
            std::iota(order.begin(), order.end(), i * candidates_.k);
            std::partial_sort(order.begin(), order.begin() + bound_count_, order.end(),
                              [&](std::size_t a, std::size_t b) {
                                  return farthest_[a] != farthest_[b] ? farthest_[a] < farthest_[b] : a < b;
                              });
            float sum = 0;
            const float nearest_squared = farthest_[order[0]];
            for (int b = 0; b < bound_count_; ++b) {
                const std::size_t c = order[std::size_t(b)];
                // Relative to the nearest, so that a splat far from all nodes still has weights.
                const float w = std::exp(-(farthest_[c] - nearest_squared) / (2 * spacing_ * spacing_));
                bound_[i * bound_count_ + b] = candidates_.indices[c];
                weight_[i * bound_count_ + b] = w;
                sum += w;
            }
            for (int b = 0; b < bound_count_; ++b) weight_[i * bound_count_ + b] /= sum;
        }
    });
}

SplatCloud MotionGraph::still() const {
    SplatCloud motion(nodes(), 0);
    std::ranges::fill(motion.channel(SplatCloud::kRotation), 1.0f);
    return motion;
}

void MotionGraph::warp(const SplatCloud& motion, SplatCloud& out) const {
    if (out.count != base_.count || out.sh_degree != base_.sh_degree) out = base_;
    std::vector<glm::mat3> rotations(nodes());
    for (std::size_t k = 0; k < nodes(); ++k) rotations[k] = rotation_matrix(rotation(motion, k));
    parallel_for(base_.count, 2048, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            const glm::vec3 x = position(base_, i);
            glm::vec3 moved(0);
            Quaternion blend(0);
            for (std::size_t b = i * bound_count_; b < (i + 1) * bound_count_; ++b) {
                const std::size_t k = bound_[b];
                moved += weight_[b] * (rotations[k] * (x - node_[k]) + node_[k] + position(motion, k));
                blend += weight_[b] * rotation(motion, k);
            }
            const Quaternion q = multiply(blend, rotation(base_, i));
            for (int a = 0; a < 3; ++a) out.channel(SplatCloud::kPosition + a)[i] = moved[a];
            for (int a = 0; a < 4; ++a) out.channel(SplatCloud::kRotation + a)[i] = q[a];
        }
    });
}

void MotionGraph::pull_back(const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_motion) const {
    struct Node {
        glm::vec3 translation{0};
        glm::mat3 rotation{0};
        Quaternion blend{0};
    };
    std::vector<Node> partial(kChunks * nodes());
    const std::size_t chunk = (base_.count + kChunks - 1) / kChunks;
    parallel_for(kChunks, 1, [&](std::size_t first, std::size_t last, int) {
        for (std::size_t c = first; c < last; ++c) {
            Node* sums = partial.data() + c * nodes();
            for (std::size_t i = c * chunk; i < std::min((c + 1) * chunk, base_.count); ++i) {
                const glm::vec3 x = position(base_, i), d_x = position(d_cloud, i);
                const Quaternion d_blend = multiply(rotation(d_cloud, i), conjugate(rotation(base_, i)));
                for (std::size_t b = i * bound_count_; b < (i + 1) * bound_count_; ++b) {
                    Node& node = sums[bound_[b]];
                    const glm::vec3 g = weight_[b] * d_x;
                    node.translation += g;
                    node.rotation += glm::outerProduct(g, x - node_[bound_[b]]);
                    node.blend += weight_[b] * d_blend;
                }
            }
        }
    });
    if (d_motion.count != nodes()) d_motion = SplatCloud(nodes(), 0);
    for (std::size_t k = 0; k < nodes(); ++k) {
        Node sum;
        for (std::size_t c = 0; c < kChunks; ++c) {
            const Node& part = partial[c * nodes() + k];
            sum.translation += part.translation, sum.rotation += part.rotation, sum.blend += part.blend;
        }
        const Quaternion d_q = rotation_gradient(rotation(motion, k), sum.rotation) + sum.blend;
        for (int a = 0; a < 3; ++a) d_motion.channel(SplatCloud::kPosition + a)[k] = sum.translation[a];
        for (int a = 0; a < 4; ++a) d_motion.channel(SplatCloud::kRotation + a)[k] = d_q[a];
    }
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
            const glm::vec3 edge = node_[k] - node_[j];
            const glm::vec3 off =
                turn * edge + node_[j] + position(motion, j) - node_[k] - position(motion, k);
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
