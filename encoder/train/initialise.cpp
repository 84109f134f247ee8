#include "encoder/train/initialise.h"

#include <algorithm>
#include <cmath>

#include "encoder/neighbours.h"
#include "encoder/train/hull.h"
#include "encoder/train/photometric.h"
#include "encoder/train/v3/hull_mesh.h"
#include "formats/core/error.h"

namespace volumen::train {
namespace {

constexpr float kSh0 = 0.28209479177387814f;  ///< the constant SH basis function, 1 / (2 sqrt(pi))
constexpr int kHullResolution = 160;

struct Seeds {
    std::vector<glm::vec3> positions, colours;
};

Seeds pick(const Seeds& all, std::size_t count, std::mt19937_64& random) {
    if (all.positions.size() <= count) return all;
    std::vector<std::size_t> index(all.positions.size());
    for (std::size_t i = 0; i < index.size(); ++i) index[i] = i;
    Seeds out;
    for (std::size_t i = 0; i < count; ++i) {
        std::swap(index[i], index[i + random() % (index.size() - i)]);
        out.positions.push_back(all.positions[index[i]]);
        out.colours.push_back(all.colours[index[i]]);
    }
    return out;
}

Seeds from_points(const PointCloud& points) {
    Seeds seeds;
    for (std::size_t i = 0; i < points.count(); ++i) {
        seeds.positions.emplace_back(points.positions[3 * i], points.positions[3 * i + 1],
                                     points.positions[3 * i + 2]);
        seeds.colours.push_back(
            points.colours.empty()
                ? glm::vec3(0.5f)
                : glm::vec3(points.colours[3 * i], points.colours[3 * i + 1], points.colours[3 * i + 2]));
    }
    return seeds;
}

/// Random pixels of random views, at depths around the subject: half near the middle of the rig, half out to
/// ten times as far, uniform in inverse depth. Only places that a second view sees too, as far as such are
/// found.
Seeds from_views(const TrainingFrame& frame, glm::vec3 centre, float radius, std::size_t count,
                 std::mt19937_64& random) {
    Seeds seeds;
    const auto seen_by = [&](glm::vec3 p) {
        int n = 0;
        for (const TrainingView& view : frame.views) {
            const glm::vec3 c = view.camera.to_camera(p);
            if (c.z <= 0.05f) continue;
            const float u = view.camera.fx * c.x / c.z + view.camera.cx,
                        v = view.camera.fy * c.y / c.z + view.camera.cy;
            n += u >= 0 && v >= 0 && u < float(view.camera.width) && v < float(view.camera.height);
        }
        return n;
    };
    const std::size_t max_tries = count * 50;
    for (std::size_t i = 0; i < max_tries && seeds.positions.size() < count; ++i) {
        const TrainingView& view = frame.views[random() % frame.views.size()];
        const Camera& camera = view.camera;
        const int x = int(random() % std::uint64_t(camera.width)),
                  y = int(random() % std::uint64_t(camera.height));
        const float distance = std::max(camera.to_camera(centre).z, 0.1f * radius);
        const bool near = random() & 1;
        const float nearest = std::max(near ? distance - radius : 0.3f * distance, 0.1f * distance);
        const float farthest = near ? distance + radius : 10 * distance;
        const float t = uniform(random);
        const float z = 1 / (t / nearest + (1 - t) / farthest);
        const glm::vec3 in_camera((float(x) + 0.5f - camera.cx) / camera.fx * z,
                                  (float(y) + 0.5f - camera.cy) / camera.fy * z, z);
        const glm::vec3 p = glm::transpose(camera.rotation) * (in_camera - camera.translation);
        if (frame.views.size() > 1 && seen_by(p) < 2 && i < max_tries / 2) continue;
        const std::size_t pixel = std::size_t(y) * camera.width + x;
        seeds.positions.push_back(p);
        seeds.colours.emplace_back(view.colour.plane(0)[pixel], view.colour.plane(1)[pixel],
                                   view.colour.plane(2)[pixel]);
    }
    return seeds;
}

SplatCloud splats_at(const Seeds& seeds, int sh_degree, float opacity) {
    const std::size_t n = seeds.positions.size();
    SplatCloud cloud(n, sh_degree);
    const Neighbours near = nearest(seeds.positions, seeds.positions, 3, true);
    const float logit = std::log(opacity / (1 - opacity));
    for (std::size_t i = 0; i < n; ++i) {
        float squared = 0;
        for (int j = 0; j < near.k; ++j) squared += near.squared_distances[i * near.k + j];
        const float scale = 0.5f * std::log(std::max(squared / float(std::max(near.k, 1)), 1e-12f));
        for (int a = 0; a < 3; ++a) {
            cloud.channel(SplatCloud::kPosition + a)[i] = seeds.positions[i][a];
            cloud.channel(SplatCloud::kScale + a)[i] = scale;
            cloud.channel(SplatCloud::kSh + a)[i] = (seeds.colours[i][a] - 0.5f) / kSh0;
        }
        cloud.channel(SplatCloud::kRotation)[i] = 1;
        cloud.channel(SplatCloud::kOpacity)[i] = logit;
    }
    return cloud;
}

}  // namespace

SplatCloud initial_cloud(const TrainingFrame& frame, const TakeInfo& info,
                         const std::optional<PointCloud>& points, const TrainSettings& settings,
                         std::mt19937_64& random) {
    const std::size_t count =
        std::max<std::size_t>(std::size_t(settings.start_share * float(settings.splats)), 1);
    const glm::vec3 centre = 0.5f * (info.bounds_min + info.bounds_max),
                    half = 0.5f * (info.bounds_max - info.bounds_min);
    const float radius = std::max({half.x, half.y, half.z});
    Seeds seeds;
    const bool masks = !frame.views.front().alpha.empty();
    if (points && points->count() > 0 && !(masks && settings.mesh_start)) {
        seeds = from_points(*points);
    } else if (masks) {
        for (const HullPoint& p :
             settings.mesh_start
                 ? sample_mesh(hull_mesh(frame, centre, radius, kHullResolution), frame, count, random)
                 : visual_hull(frame, centre, radius, kHullResolution)) {
            seeds.positions.push_back(p.position);
            seeds.colours.push_back(p.colour);
        }
        if (seeds.positions.empty())
            throw InputError(
                "frame {}: the masks of the views share no place in space: check the calibration and that "
                "masks are white "
                "where the performer is",
                frame.index);
    } else {
        seeds = from_views(frame, centre, radius, count, random);
    }
    return splats_at(pick(seeds, count, random), settings.sh_degree, settings.start_opacity);
}

}  // namespace volumen::train
