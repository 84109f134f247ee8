#include "encoder/calibrate/vote_hull.h"

#include <algorithm>
#include <cmath>

#include "formats/core/parallel.h"

namespace volumen {
namespace {

constexpr int kCoarse = 32;  ///< voxels a side of the first look, which finds where the subject is
constexpr float kNearest = 1e-3f;
/// Half the side of what a voxel covers, in voxels: seen from an edge it is wider than from a side.
constexpr float kFootprint = 0.6f;

}  // namespace

VoteHull::Vote VoteHull::vote(std::size_t view, glm::vec3 p, float reach) const {
    const SmallPicture* picture = pictures_[view];
    if (!picture) return Vote::unseen;
    const SampledView& seen_by = samples_.views[view];
    const Camera& camera = seen_by.camera;
    const glm::vec3 c = camera.to_camera(p);
    if (c.z < kNearest) return Vote::unseen;
    const float u = camera.fx * c.x / c.z + camera.cx, v = camera.fy * c.y / c.z + camera.cy;
    if (!(u >= 0 && v >= 0 && u < float(camera.width) && v < float(camera.height))) return Vote::unseen;
    if (reach == 0) return seen_by.inside(*picture, int(u), int(v)) ? Vote::inside : Vote::outside;
    const float pixels = reach * std::max(camera.fx, camera.fy) / c.z;
    const int x0 = std::max(int(u - pixels), 0), x1 = std::min(int(u + pixels), camera.width - 1),
              y0 = std::max(int(v - pixels), 0), y1 = std::min(int(v + pixels), camera.height - 1);
    for (int y = y0; y <= y1; ++y)
        for (int x = x0; x <= x1; ++x)
            if (seen_by.inside(*picture, x, y)) return Vote::inside;
    return Vote::outside;
}

void VoteHull::count(float reach) {
    votes_.assign(std::size_t(size.x) * std::size_t(size.y) * std::size_t(size.z), {});
    parallel_for(votes_.size(), 4096, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            const glm::vec3 p = centre(i);
            for (std::size_t v = 0; v < pictures_.size(); ++v) {
                const Vote vote = this->vote(v, p, reach);
                if (vote != Vote::unseen) ++votes_[i].seen;
                if (vote == Vote::outside) ++votes_[i].outside;
            }
        }
    });
}

VoteHull::VoteHull(const Samples& samples, int frame, const std::vector<int>& offsets, int resolution)
    : samples_(samples), pictures_(samples.views.size(), nullptr) {
    int present = 0;
    for (std::size_t v = 0; v < pictures_.size(); ++v) {
        pictures_[v] = samples.at(v, frame, offsets[v]);
        if (pictures_[v] && pictures_[v]->mask.empty()) pictures_[v] = nullptr;
        present += pictures_[v] != nullptr;
    }
    needed_ = std::max(2, (present + 1) / 2);
    // A first look finds the box; up to a fifth of the views may be wrong there.
    origin = samples.centre - samples.radius, cell = 2 * samples.radius / kCoarse;
    size = glm::ivec3(kCoarse);
    count(0.87f * cell);  // half the diagonal of a voxel
    const int tolerance = present / 5;
    glm::ivec3 low(kCoarse), high(-1);
    for (std::size_t i = 0; i < votes_.size(); ++i)
        if (in(i, tolerance)) {
            const glm::ivec3 p(int(i % kCoarse), int(i / kCoarse % kCoarse), int(i / kCoarse / kCoarse));
            low = glm::min(low, p), high = glm::max(high, p);
        }
    if (high.x < 0) {
        votes_.clear(), size = glm::ivec3(0);
        return;
    }
    const glm::vec3 a = origin + glm::vec3(low) * cell, b = origin + glm::vec3(high + 1) * cell;
    const glm::vec3 side = b - a;
    origin = a, cell = std::max({side.x, side.y, side.z}) / float(resolution);
    size = glm::max(glm::ivec3(glm::ceil(side / cell - 1e-3f)), glm::ivec3(1));
    count(0);
}

bool VoteHull::in_without(std::size_t voxel, int tolerance, std::size_t view) const {
    const Votes& all = votes_[voxel];
    if (all.outside > tolerance + 1) return false;
    const Vote own = vote(view, centre(voxel), 0);
    const int seen = all.seen - (own != Vote::unseen), outside = all.outside - (own == Vote::outside);
    return seen >= std::max(2, needed_ - 1) && outside <= tolerance;
}

bool VoteHull::empty(int tolerance) const {
    for (std::size_t i = 0; i < votes_.size(); ++i)
        if (in(i, tolerance)) return false;
    return true;
}

template <class In>
std::vector<std::uint8_t> VoteHull::draw(const Camera& camera, const In& in) const {
    std::vector<std::uint8_t> out(std::size_t(camera.width) * std::size_t(camera.height), 0);
    for (std::size_t i = 0; i < votes_.size(); ++i) {
        if (!in(i)) continue;
        const glm::vec3 c = camera.to_camera(centre(i));
        if (c.z < kNearest) continue;
        const float u = camera.fx * c.x / c.z + camera.cx, v = camera.fy * c.y / c.z + camera.cy;
        const float half = kFootprint * cell * std::max(camera.fx, camera.fy) / c.z;
        // Pixels whose centres the voxel covers; the one that it falls into in any case.
        const auto first = [](float low, float at, int side) {
            return std::clamp(int(std::min(std::ceil(low - 0.5f), std::floor(at))), 0, side);
        };
        const auto last = [](float high, float at, int side) {
            return std::clamp(int(std::max(std::floor(high - 0.5f), std::floor(at))), -1, side - 1);
        };
        if (!(u > -1e6f && v > -1e6f && u < 1e6f && v < 1e6f)) continue;
        const int x0 = first(u - half, u, camera.width), x1 = last(u + half, u, camera.width),
                  y0 = first(v - half, v, camera.height), y1 = last(v + half, v, camera.height);
        for (int y = y0; y <= y1; ++y)
            for (int x = x0; x <= x1; ++x)
                out[std::size_t(y) * std::size_t(camera.width) + std::size_t(x)] = 1;
    }
    return out;
}

std::vector<std::uint8_t> VoteHull::silhouette(std::size_t view, int tolerance) const {
    return draw(samples_.views[view].camera, [&](std::size_t i) { return in_without(i, tolerance, view); });
}

std::vector<std::uint8_t> VoteHull::silhouette_of_all(const Camera& camera, int tolerance) const {
    return draw(camera, [&](std::size_t i) { return in(i, tolerance); });
}

double overlap(const std::vector<std::uint8_t>& mask, const std::vector<std::uint8_t>& silhouette) {
    std::size_t both = 0, either = 0;
    for (std::size_t i = 0; i < mask.size(); ++i) {
        both += mask[i] && silhouette[i];
        either += mask[i] || silhouette[i];
    }
    return either ? double(both) / double(either) : 1;
}

}  // namespace volumen
