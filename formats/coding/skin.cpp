#include "formats/coding/skin.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nanoflann.hpp>
#include <numeric>
#include <tuple>

#include "formats/core/parallel.h"

namespace volumen {
namespace {

struct Points {
    std::span<const glm::dvec3> values;
    std::size_t kdtree_get_point_count() const { return values.size(); }
    double kdtree_get_pt(std::size_t i, std::size_t axis) const { return values[i][int(axis)]; }
    template <class Box>
    bool kdtree_get_bbox(Box&) const {
        return false;
    }
};

// In doubles: squared distances of integers are exact, on every machine.
using Tree = nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Simple_Adaptor<double, Points>, Points, 3,
                                                 std::uint32_t>;

/// The nearest few, ties by index: what nanoflann fills. Its own result sets leave ties to the tree's order.
class Nearest {
  public:
    using DistanceType = double;
    struct Found {
        double squared = std::numeric_limits<double>::infinity();
        std::uint32_t index = ~0u;
        bool operator<(const Found& o) const {
            return squared != o.squared ? squared < o.squared : index < o.index;
        }
    };
    explicit Nearest(std::size_t count) : count_(count) {}

    bool full() const { return found_[count_ - 1].index != ~0u; }
    /// Just above the worst, so that what is as far is offered too.
    double worstDist() const {
        return std::nextafter(found_[count_ - 1].squared, std::numeric_limits<double>::infinity());
    }
    bool addPoint(double squared, std::uint32_t index) {
        Found next{squared, index};
        for (std::size_t i = 0; i < count_; ++i)
            if (next < found_[i]) std::swap(next, found_[i]);
        return true;
    }
    const Found& operator[](std::size_t i) const { return found_[i]; }

  private:
    std::size_t count_;
    std::array<Found, kAnchorsPerSplat> found_;
};

/// Joints that can be anchors: of those in one place the kAnchorsPerSplat first, for the others are as near
/// and come later. Without this a search among joints that all stand in one place looks at each of them.
struct Searched {
    std::vector<std::uint32_t> joint;  ///< growing: ties by place in here are ties by joint
    std::vector<glm::dvec3> places;
    std::vector<bool> shared;  ///< of all joints: whether another one stands there
};

Searched searched_joints(std::span<const glm::dvec3> joints) {
    // By their bits: a total order, whatever the numbers.
    const auto bits = [&](std::uint32_t j) {
        return std::tuple(std::bit_cast<std::uint64_t>(joints[j].x),
                          std::bit_cast<std::uint64_t>(joints[j].y),
                          std::bit_cast<std::uint64_t>(joints[j].z), j);
    };
    const auto together = [&](std::uint32_t a, std::uint32_t b) {
        return std::memcmp(&joints[a], &joints[b], sizeof(glm::dvec3)) == 0;
    };
    std::vector<std::uint32_t> order(joints.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, {}, bits);
    Searched out;
    out.shared.resize(joints.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i > 0 && together(order[i], order[i - 1])) out.shared[order[i]] = out.shared[order[i - 1]] = true;
        if (i < kAnchorsPerSplat || !together(order[i], order[i - kAnchorsPerSplat]))
            out.joint.push_back(order[i]);
    }
    std::ranges::sort(out.joint);
    for (const std::uint32_t j : out.joint) out.places.push_back(joints[j]);
    return out;
}

/// The median, over joints, of the squared distance to the nearest other one; 0 for a single joint.
double squared_spacing(const Tree& tree, std::span<const glm::dvec3> joints,
                       const std::vector<bool>& shared) {
    if (joints.size() < 2) return 0;
    std::vector<double> nearest(joints.size());
    parallel_for(joints.size(), 256, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t j = begin; j < end; ++j) {
            if (shared[j]) continue;  // 0
            Nearest found(2);
            tree.findNeighbors(found, &joints[j].x, nanoflann::SearchParams());
            nearest[j] = found[1].squared;
        }
    });
    const auto middle = nearest.begin() + std::ptrdiff_t(nearest.size() / 2);
    std::nth_element(nearest.begin(), middle, nearest.end());
    return *middle;
}

}  // namespace

Anchors anchor(std::span<const glm::dvec3> splats, std::span<const glm::dvec3> joints) {
    Anchors out;
    out.per_splat = int(std::min<std::size_t>(kAnchorsPerSplat, joints.size()));
    if (joints.empty() || splats.empty()) return out;
    const std::size_t n = std::size_t(out.per_splat);
    const Searched searched = searched_joints(joints);
    const Points points{searched.places};
    const Tree tree(3, points, nanoflann::KDTreeSingleIndexAdaptorParams(16));
    // Joints that all stand in one place: any width gives them the same weight.
    const double spacing = squared_spacing(tree, joints, searched.shared),
                 twice = spacing > 0 ? 2 * spacing : 1;
    out.joints.resize(splats.size() * n), out.weights.resize(splats.size() * n);
    parallel_for(splats.size(), 1024, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            Nearest found(n);
            tree.findNeighbors(found, &splats[i].x, nanoflann::SearchParams());
            float sum = 0;
            for (std::size_t k = 0; k < n; ++k) {
                // Relative to the nearest, so that a splat far from all joints still has weights.
                const float weight = float(std::exp((found[0].squared - found[k].squared) / twice));
                out.joints[i * n + k] = searched.joint[found[k].index], out.weights[i * n + k] = weight;
                sum += weight;
            }
            for (std::size_t k = 0; k < n; ++k) out.weights[i * n + k] /= sum;
        }
    });
    return out;
}

void pose_skin(const SplatCloud& first, const Anchors& anchors, std::span<const JointMotion> joints,
               SplatCloud& out) {
    std::vector<glm::mat3> turns;
    for (const JointMotion& joint : joints) turns.push_back(rotation_matrix(joint.turn));
    const std::size_t n = std::size_t(anchors.per_splat);
    parallel_for(first.count, 2048, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            const glm::vec3 x = position(first, i);
            const Quaternion& nearest = joints[anchors.joints[i * n]].turn;
            glm::vec3 moved(0);
            Quaternion blend(0);
            for (std::size_t a = i * n; a < (i + 1) * n; ++a) {
                const std::uint32_t k = anchors.joints[a];
                const float weight = anchors.weights[a];
                moved += weight * (turns[k] * (x - joints[k].from) + joints[k].to);
                blend += (glm::dot(joints[k].turn, nearest) < 0 ? -weight : weight) * joints[k].turn;
            }
            Quaternion q = multiply(blend, rotation(first, i));
            const float squared = glm::dot(q, q);
            q = squared > 0 ? q * glm::inversesqrt(squared) : rotation(first, i);
            for (int c = 0; c < 3; ++c) out.channel(SplatCloud::kPosition + c)[i] = moved[c];
            for (int c = 0; c < 4; ++c) out.channel(SplatCloud::kRotation + c)[i] = q[c];
        }
    });
}

}  // namespace volumen
