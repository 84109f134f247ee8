#include "encoder/train/stage_seeds.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "encoder/train/photometric.h"
#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr int kDepths = 40;       ///< that are tried, uniform in inverse depth
constexpr float kFarthest = 10;   ///< times the centre's depth
constexpr int kPatch = 2;         ///< half the side of the squares that are compared, in steps of kPatchStep
constexpr int kPatchStep = 2;     ///< pixels
constexpr int kMostCompared = 4;  ///< best of the other views: the rest may be blocked
/// A depth that a second view cannot check is worth as much as one that fits this badly.
constexpr float kUnchecked = 0.15f;

struct Pixel {
    std::size_t view;
    int x, y;
};

/// Index of the pixel that shows a point of known background.
std::optional<std::size_t> seen_at(const TrainingView& view, glm::vec3 p, float& depth) {
    const glm::vec3 c = view.camera.to_camera(p);
    depth = c.z;
    if (c.z < 1e-3f) return std::nullopt;
    const float u = view.camera.fx * c.x / c.z + view.camera.cx,
                v = view.camera.fy * c.y / c.z + view.camera.cy;
    if (!(u >= 0 && v >= 0 && u < float(view.camera.width) && v < float(view.camera.height)))
        return std::nullopt;
    return std::size_t(v) * std::size_t(view.camera.width) + std::size_t(u);
}

glm::vec3 colour_at(const TrainingView& view, std::size_t pixel) {
    return {view.colour.plane(0)[pixel], view.colour.plane(1)[pixel], view.colour.plane(2)[pixel]};
}

glm::vec3 point_at(const Camera& camera, float x, float y, float depth) {
    const glm::vec3 c((x + 0.5f - camera.cx) / camera.fx * depth, (y + 0.5f - camera.cy) / camera.fy * depth,
                      depth);
    return glm::transpose(camera.rotation) * (c - camera.translation);
}

/// How badly another view shows the patch around a pixel, if it lies at that depth; nothing where it does
/// not see it.
std::optional<float> misfit(const TrainingView& own, const TrainingView& other, const Pixel& pixel,
                            float depth) {
    float sum = 0;
    int count = 0;
    for (int j = -kPatch; j <= kPatch; ++j)
        for (int i = -kPatch; i <= kPatch; ++i) {
            const int x = pixel.x + kPatchStep * i, y = pixel.y + kPatchStep * j;
            if (x < 0 || y < 0 || x >= own.camera.width || y >= own.camera.height) continue;
            const std::size_t at = std::size_t(y) * std::size_t(own.camera.width) + std::size_t(x);
            float other_depth;
            const auto seen = seen_at(other, point_at(own.camera, float(x), float(y), depth), other_depth);
            if (own.weight[at] == 0 || !seen || other.weight[*seen] == 0) continue;
            const glm::vec3 d = glm::abs(colour_at(own, at) - colour_at(other, *seen));
            sum += (d.x + d.y + d.z) / 3;
            ++count;
        }
    constexpr int kAll = (2 * kPatch + 1) * (2 * kPatch + 1);
    if (2 * count < kAll) return std::nullopt;
    return sum / float(count);
}

float best_depth(const TrainingFrame& frame, const Pixel& pixel, float nearest, float random) {
    const TrainingView& own = frame.views[pixel.view];
    float best = kUnchecked;
    // Nobody to ask: anywhere, rather far.
    float depth = nearest / (1 - random * (1 - 1 / kFarthest));
    std::vector<float> misfits;
    for (int k = 0; k < kDepths; ++k) {
        const float t = (float(k) + 0.5f) / kDepths, z = nearest / (1 - t * (1 - 1 / kFarthest));
        misfits.clear();
        for (std::size_t v = 0; v < frame.views.size(); ++v)
            if (v != pixel.view)
                if (const auto m = misfit(own, frame.views[v], pixel, z)) misfits.push_back(*m);
        if (misfits.empty()) continue;
        const std::size_t compared = std::min<std::size_t>(misfits.size(), kMostCompared);
        std::partial_sort(misfits.begin(), misfits.begin() + std::ptrdiff_t(compared), misfits.end());
        float mean = 0;
        for (std::size_t i = 0; i < compared; ++i) mean += misfits[i] / float(compared);
        if (mean < best) best = mean, depth = z;
    }
    return depth;
}

}  // namespace

PointCloud stage_seeds(const TrainingFrame& frame, glm::vec3 centre, std::size_t count,
                       std::mt19937_64& random) {
    std::vector<Pixel> pixels;
    std::vector<float> draws;
    for (std::size_t tries = 0; tries < 20 * count && pixels.size() < count; ++tries) {
        Pixel p{random() % frame.views.size(), 0, 0};
        const TrainingView& view = frame.views[p.view];
        p.x = int(random() % std::uint64_t(view.camera.width));
        p.y = int(random() % std::uint64_t(view.camera.height));
        if (view.weight[std::size_t(p.y) * std::size_t(view.camera.width) + std::size_t(p.x)] == 0) continue;
        pixels.push_back(p);
        draws.push_back(uniform(random));
    }
    PointCloud out;
    out.positions.resize(3 * pixels.size()), out.colours.resize(3 * pixels.size());
    parallel_for(pixels.size(), 64, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            const Pixel& p = pixels[i];
            const TrainingView& view = frame.views[p.view];
            const float nearest = std::max(view.camera.to_camera(centre).z, 0.1f);
            const glm::vec3 at =
                point_at(view.camera, float(p.x), float(p.y), best_depth(frame, p, nearest, draws[i]));
            const glm::vec3 colour =
                colour_at(view, std::size_t(p.y) * std::size_t(view.camera.width) + std::size_t(p.x));
            for (int k = 0; k < 3; ++k) {
                out.positions[3 * i + std::size_t(k)] = at[k];
                out.colours[3 * i + std::size_t(k)] = colour[k];
            }
        }
    });
    return out;
}

SplatCloud without_obstacles(const SplatCloud& cloud, const TrainingFrame& frame, glm::vec3 centre) {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const glm::vec3 p(cloud.channel(SplatCloud::kPosition)[i],
                          cloud.channel(SplatCloud::kPosition + 1)[i],
                          cloud.channel(SplatCloud::kPosition + 2)[i]);
        const bool obstacle = std::ranges::any_of(frame.views, [&](const TrainingView& view) {
            float depth;
            const auto seen = seen_at(view, p, depth);
            return seen && view.weight[*seen] == 0 && depth < view.camera.to_camera(centre).z;
        });
        if (!obstacle) kept.push_back(i);
    }
    return gather(cloud, kept);
}

}  // namespace volumen::train
