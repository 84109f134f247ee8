#include "encoder/train/neighbour_photos.h"

#include <algorithm>
#include <cmath>

#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr float kOpaque = 0.9f;     ///< alpha from which a pixel shows the subject alone
constexpr float kSameDepth = 0.1f;  ///< units between depths that may be one point's
constexpr float kAgrees = 0.6f;     ///< 1 - NCC above which windows do not show one thing
constexpr std::size_t kRowGrain = 16;

bool shows_subject(const TrainingView& view, std::size_t pixel) {
    return (view.alpha.empty() || view.alpha[pixel] >= kOpaque) &&
           (view.weight.empty() || view.weight[pixel] > 0);
}

std::vector<float> grey_of(const PlanarImage& colour) {
    std::vector<float> out(colour.area());
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = (colour.plane(0)[i] + colour.plane(1)[i] + colour.plane(2)[i]) / 3;
    return out;
}

}  // namespace

std::vector<std::vector<std::size_t>> close_neighbours(std::span<const Camera> cameras, glm::vec3 centre,
                                                       float angle) {
    std::vector<glm::vec3> directions;
    for (const Camera& camera : cameras) directions.push_back(glm::normalize(camera.centre() - centre));
    std::vector<std::vector<std::size_t>> out(cameras.size());
    const float least_cosine = std::cos(glm::radians(angle));
    for (std::size_t i = 0; i < cameras.size(); ++i) {
        const auto cosine = [&](std::size_t j) { return glm::dot(directions[i], directions[j]); };
        for (std::size_t j = 0; j < cameras.size(); ++j)
            if (j != i && cosine(j) >= least_cosine) out[i].push_back(j);
        std::ranges::stable_sort(out[i], [&](std::size_t a, std::size_t b) { return cosine(a) > cosine(b); });
        if (out[i].size() > kNeighbours) out[i].resize(kNeighbours);
    }
    return out;
}

NeighbourPhotos::NeighbourPhotos(const TrainingFrame& frame, glm::vec3 centre, float unit, float angle)
    : frame_(frame), unit_(unit), depths_(frame.views.size()) {
    std::vector<Camera> cameras;
    for (const TrainingView& view : frame.views) cameras.push_back(view.camera);
    neighbours_ = close_neighbours(cameras, centre, angle);
    if (!any()) return;
    for (const TrainingView& view : frame.views) grey_.push_back(grey_of(view.colour));
}

bool NeighbourPhotos::any() const {
    return std::ranges::any_of(neighbours_, [](const auto& of_view) { return !of_view.empty(); });
}

void NeighbourPhotos::carry(std::size_t view, std::size_t neighbour, const DepthImage& depth,
                            Carried& out) const {
    for (std::vector<float>* plane : {&out.grey, &out.slope, &out.seen}) plane->assign(depth.z.size(), 0);
    const DepthImage& there = depths_[neighbour];
    if (there.z.empty()) return;
    const TrainingView &from = frame_.views[view], &to = frame_.views[neighbour];
    const glm::mat3 turn = to.camera.rotation * glm::transpose(from.camera.rotation);
    const glm::vec3 shift = to.camera.translation - turn * from.camera.translation;
    const std::vector<float>& photo = grey_[neighbour];
    parallel_for(std::size_t(depth.height), kRowGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin * std::size_t(depth.width); i < end * std::size_t(depth.width); ++i) {
            const float z = depth.z[i];
            if (z <= 0 || !shows_subject(from, i)) continue;
            const glm::vec2 pixel(float(i % std::size_t(depth.width)) + 0.5f,
                                  float(i / std::size_t(depth.width)) + 0.5f);
            const glm::vec3 ray = turn * glm::vec3((pixel.x - from.camera.cx) / from.camera.fx,
                                                   (pixel.y - from.camera.cy) / from.camera.fy, 1);
            const glm::vec3 point = z * ray + shift;
            if (point.z <= 0) continue;
            const glm::vec2 focal(to.camera.fx, to.camera.fy), flat = glm::vec2(point) / point.z;
            // Of the four pixels around it, the first's centre is the origin.
            const glm::vec2 at = focal * flat + glm::vec2(to.camera.cx, to.camera.cy) - 0.5f;
            const int x = int(std::floor(at.x)), y = int(std::floor(at.y));
            if (!(x >= 0 && y >= 0 && x + 1 < there.width && y + 1 < there.height)) continue;
            const std::size_t corner = std::size_t(y) * std::size_t(there.width) + std::size_t(x);
            const std::size_t corners[4] = {corner, corner + 1, corner + std::size_t(there.width),
                                            corner + std::size_t(there.width) + 1};
            if (!std::ranges::all_of(corners, [&](std::size_t k) {
                    return shows_subject(to, k) && std::abs(there.z[k] - point.z) <= kSameDepth * unit_;
                }))
                continue;
            const float u = at.x - float(x), v = at.y - float(y);
            const float a = photo[corners[0]], b = photo[corners[1]], c = photo[corners[2]],
                        d = photo[corners[3]];
            const glm::vec2 gradient((1 - v) * (b - a) + v * (d - c), (1 - u) * (c - a) + u * (d - b));
            out.grey[i] = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d);
            out.slope[i] = glm::dot(gradient, focal * (glm::vec2(ray) - flat * ray.z)) / point.z;
            out.seen[i] = 1;
        }
    });
}

float NeighbourPhotos::operator()(std::size_t view, const DepthImage& depth, float weight,
                                  std::span<float> d_z) {
    depths_[view] = depth;
    const std::vector<std::size_t>& neighbours = neighbours_[view];
    const auto known = std::ranges::count_if(depth.z, [](float z) { return z > 0; });
    if (neighbours.empty() || known == 0) return 0;
    for (std::size_t n = 0; n < neighbours.size(); ++n) {
        Carried& carried = carried_[n];
        carry(view, neighbours[n], depth, carried);
        carried.cost =
            carried.correlation(grey_[view], carried.grey, carried.seen, depth.width, depth.height);
        carried.weight.assign(depth.z.size(), 0);
    }
    const float share = weight / float(known);
    double sum = 0;
    for (std::size_t i = 0; i < depth.z.size(); ++i) {
        const auto cost = [&](std::size_t n) { return carried_[n].cost[i]; };
        const std::size_t best = neighbours.size() > 1 && cost(1) < cost(0) ? 1 : 0;
        if (cost(best) == WindowCorrelation::kNotCompared) continue;
        sum += double(std::min(cost(best), kAgrees));
        if (cost(best) < kAgrees) carried_[best].weight[i] = share;
    }
    for (std::size_t n = 0; n < neighbours.size(); ++n) {
        Carried& carried = carried_[n];
        carried.d_grey.assign(depth.z.size(), 0);
        carried.correlation.pull_back(carried.weight, carried.d_grey);
        for (std::size_t i = 0; i < depth.z.size(); ++i) d_z[i] += carried.d_grey[i] * carried.slope[i];
    }
    return float(sum * double(share));
}

}  // namespace volumen::train
