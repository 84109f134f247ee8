#include "encoder/train/skinning.h"

#include <algorithm>

#include "encoder/train/quaternion.h"
#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr std::size_t kChunks =
    16;  ///< partial sums in pull_back: fixed, so that results do not depend on threads
constexpr std::size_t kGrain = 2048;

Quaternion unit(Quaternion q) {
    return q * glm::inversesqrt(glm::dot(q, q));
}

/// d loss / d q from d loss / d unit(q).
Quaternion through_unit(Quaternion q, Quaternion d) {
    const float inverse = glm::inversesqrt(glm::dot(q, q));
    q *= inverse;
    return (d - q * glm::dot(d, q)) * inverse;
}

}  // namespace

/// The nodes' turns, as pose_skin blends them.
struct Skinning::Turns {
    explicit Turns(const SplatCloud& motion) : unit_turns(motion.count), matrices(motion.count) {
        for (std::size_t k = 0; k < motion.count; ++k) {
            unit_turns[k] = unit(rotation(motion, k));
            matrices[k] = rotation_matrix(unit_turns[k]);
        }
    }
    float sign(std::uint32_t nearest, std::uint32_t k) const {
        return glm::dot(unit_turns[k], unit_turns[nearest]) < 0 ? -1.0f : 1.0f;
    }
    Quaternion blend(const Anchors& anchors, std::size_t splat) const {
        const std::size_t n = std::size_t(anchors.per_splat);
        Quaternion sum(0);
        for (std::size_t a = splat * n; a < (splat + 1) * n; ++a) {
            const std::uint32_t k = anchors.joints[a];
            sum += sign(anchors.joints[splat * n], k) * anchors.weights[a] * unit_turns[k];
        }
        return sum;
    }

    std::vector<Quaternion> unit_turns;
    std::vector<glm::mat3> matrices;
};

Skinning::Skinning(SplatCloud base, std::vector<glm::vec3> nodes, Anchors anchors)
    : base_(std::move(base)), nodes_(std::move(nodes)), anchors_(std::move(anchors)) {}

SplatCloud Skinning::still() const {
    SplatCloud motion(nodes_.size(), 0);
    std::ranges::fill(motion.channel(SplatCloud::kRotation), 1.0f);
    return motion;
}

void Skinning::warp(const SplatCloud& motion, SplatCloud& out) const {
    if (out.count != base_.count || out.sh_degree != base_.sh_degree) out = base_;
    std::vector<JointMotion> joints(nodes_.size());
    for (std::size_t k = 0; k < nodes_.size(); ++k)
        joints[k] = {nodes_[k], nodes_[k] + position(motion, k), unit(rotation(motion, k))};
    pose_skin(base_, anchors_, joints, out);
}

void Skinning::pull_back(const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_motion) const {
    struct Node {
        glm::vec3 translation{0};
        glm::mat3 rotation{0};
        Quaternion turn{0};
    };
    const std::size_t nodes = nodes_.size(), n = std::size_t(anchors_.per_splat);
    const Turns turns(motion);
    std::vector<Node> partial(kChunks * nodes);
    const std::size_t chunk = (base_.count + kChunks - 1) / kChunks;
    parallel_for(kChunks, 1, [&](std::size_t first, std::size_t last, int) {
        for (std::size_t c = first; c < last; ++c) {
            Node* sums = partial.data() + c * nodes;
            for (std::size_t i = c * chunk; i < std::min((c + 1) * chunk, base_.count); ++i) {
                const glm::vec3 x = position(base_, i), d_x = position(d_cloud, i);
                const Quaternion before = rotation(base_, i);
                const Quaternion posed = multiply(turns.blend(anchors_, i), before);
                const Quaternion d_blend =
                    multiply(through_unit(posed, rotation(d_cloud, i)), conjugate(before));
                for (std::size_t a = i * n; a < (i + 1) * n; ++a) {
                    const std::uint32_t k = anchors_.joints[a];
                    const float weight = anchors_.weights[a];
                    Node& node = sums[k];
                    const glm::vec3 g = weight * d_x;
                    node.translation += g;
                    node.rotation += glm::outerProduct(g, x - nodes_[k]);
                    node.turn += turns.sign(anchors_.joints[i * n], k) * weight * d_blend;
                }
            }
        }
    });
    if (d_motion.count != nodes || d_motion.sh_degree != 0) d_motion = SplatCloud(nodes, 0);
    for (std::size_t k = 0; k < nodes; ++k) {
        Node sum;
        for (std::size_t c = 0; c < kChunks; ++c) {
            const Node& part = partial[c * nodes + k];
            sum.translation += part.translation, sum.rotation += part.rotation, sum.turn += part.turn;
        }
        const Quaternion q = rotation(motion, k);
        const Quaternion d_q = rotation_gradient(q, sum.rotation) + through_unit(q, sum.turn);
        for (int a = 0; a < 3; ++a) d_motion.channel(SplatCloud::kPosition + a)[k] = sum.translation[a];
        for (int a = 0; a < 4; ++a) d_motion.channel(SplatCloud::kRotation + a)[k] = d_q[a];
    }
}

void Skinning::pull_back_base(const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_base) const {
    const Turns turns(motion);
    const std::size_t n = std::size_t(anchors_.per_splat);
    parallel_for(base_.count, kGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            glm::vec3 d(0);
            for (std::size_t a = i * n; a < (i + 1) * n; ++a)
                d += anchors_.weights[a] *
                     (glm::transpose(turns.matrices[anchors_.joints[a]]) * position(d_cloud, i));
            const Quaternion blend = turns.blend(anchors_, i);
            const Quaternion posed = multiply(blend, rotation(base_, i));
            const Quaternion q = multiply(conjugate(blend), through_unit(posed, rotation(d_cloud, i)));
            for (int a = 0; a < 3; ++a) d_base.channel(SplatCloud::kPosition + a)[i] = d[a];
            for (int a = 0; a < 4; ++a) d_base.channel(SplatCloud::kRotation + a)[i] = q[a];
        }
    });
}

void make_unit(SplatCloud& cloud) {
    for (std::size_t k = 0; k < cloud.count; ++k) {
        const Quaternion q = rotation(cloud, k);
        const float inverse = glm::inversesqrt(glm::dot(q, q));
        for (int a = 0; a < 4; ++a) cloud.channel(SplatCloud::kRotation + a)[k] = q[a] * inverse;
    }
}

std::vector<glm::vec3> positions(const SplatCloud& cloud) {
    std::vector<glm::vec3> out(cloud.count);
    for (std::size_t i = 0; i < cloud.count; ++i) out[i] = position(cloud, i);
    return out;
}

Skinning skin_on_joints(const SplatCloud& cloud, const SplatCloud& joints) {
    const std::vector<glm::vec3> splats = positions(cloud), nodes = positions(joints);
    const std::vector<glm::dvec3> exact_splats(splats.begin(), splats.end()),
        exact_nodes(nodes.begin(), nodes.end());
    return {cloud, nodes, anchor(exact_splats, exact_nodes)};
}

SplatCloud motion_since(const SplatCloud& first, const SplatCloud& joints) {
    SplatCloud motion(joints.count, 0);
    for (std::size_t k = 0; k < joints.count; ++k) {
        const glm::vec3 shift = position(joints, k) - position(first, k);
        const Quaternion turn = multiply(rotation(joints, k), conjugate(rotation(first, k)));
        for (int a = 0; a < 3; ++a) motion.channel(SplatCloud::kPosition + a)[k] = shift[a];
        for (int a = 0; a < 4; ++a) motion.channel(SplatCloud::kRotation + a)[k] = turn[a];
    }
    return motion;
}

void pull_back_to_joints(const SplatCloud& first, SplatCloud& d_motion) {
    for (std::size_t k = 0; k < first.count; ++k) {
        const Quaternion d = multiply(rotation(d_motion, k), rotation(first, k));
        for (int a = 0; a < 4; ++a) d_motion.channel(SplatCloud::kRotation + a)[k] = d[a];
    }
}

}  // namespace volumen::train
