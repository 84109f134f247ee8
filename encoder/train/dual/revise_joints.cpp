#include "encoder/train/dual/revise_joints.h"

#include <algorithm>
#include <cmath>

#include "encoder/neighbours.h"
#include "encoder/train/skinning.h"
#include "formats/splats/quaternion.h"

namespace volumen::train {
namespace {

constexpr int kNeighbours = 8;
constexpr float kBent = 0.5f;     ///< spacings by which a neighbour has left the place that rigidity gave it
constexpr float kIdle = 0.05f;    ///< splats: joints that carry less are dropped
constexpr float kGrowth = 0.15f;  ///< at most this share of new joints a segment

/// A pair of neighbours that should have had another joint between them.
struct Bend {
    float strain = 0;  ///< spacings, the most of any frame
    std::size_t joint = 0, neighbour = 0;
};

}  // namespace

SplatCloud revise_joints(std::span<const SplatCloud> history, const SplatCloud& skin, std::size_t most) {
    const SplatCloud& now = history.back();
    std::vector<float> load(now.count, 0);
    const Skinning hung = skin_on_joints(skin, now);
    for (std::size_t a = 0; a < hung.anchors().joints.size(); ++a)
        load[hung.anchors().joints[a]] += hung.anchors().weights[a];

    const SplatCloud& first = history.front();
    const std::vector<glm::vec3> places = positions(first);
    const Neighbours near = nearest(places, places, kNeighbours, true);
    std::vector<Bend> bends;
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < now.count; ++i) {
        if (load[i] < kIdle) continue;
        kept.push_back(i);
        Bend worst;
        for (int n = 0; n < near.k; ++n) {
            const std::size_t pair = i * std::size_t(near.k) + std::size_t(n), k = near.indices[pair];
            const glm::vec3 before = places[k] - places[i];
            const float spacing = std::sqrt(std::max(near.squared_distances[pair], 1e-20f));
            for (const SplatCloud& joints : history) {
                const glm::mat3 turn =
                    rotation_matrix(multiply(rotation(joints, i), conjugate(rotation(first, i))));
                const float off = glm::length(turn * before - (position(joints, k) - position(joints, i)));
                if (off / spacing > worst.strain) worst = {off / spacing, i, k};
            }
        }
        if (worst.strain > kBent) bends.push_back(worst);
    }
    if (kept.empty()) return now;
    std::ranges::sort(bends, [](const Bend& a, const Bend& b) {
        return a.strain != b.strain ? a.strain > b.strain : a.joint < b.joint;
    });
    const std::size_t room = most > kept.size() ? most - kept.size() : 0;
    bends.resize(std::min({bends.size(), room, std::size_t(kGrowth * float(kept.size()))}));
    const std::size_t old = kept.size();
    for (const Bend& bend : bends) kept.push_back(bend.joint);
    SplatCloud out = gather(now, kept);
    for (std::size_t n = 0; n < bends.size(); ++n)
        for (int a = 0; a < 3; ++a)
            out.channel(SplatCloud::kPosition + a)[old + n] =
                0.5f * (position(now, bends[n].joint)[a] + position(now, bends[n].neighbour)[a]);
    return out;
}

}  // namespace volumen::train
