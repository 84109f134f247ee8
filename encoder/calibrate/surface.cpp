#include "encoder/calibrate/surface.h"

#include <algorithm>
#include <cmath>

#include "encoder/calibrate/vote_hull.h"
#include "formats/core/parallel.h"

namespace volumen {
namespace {

constexpr float kFacing = 0.4f;  ///< least cosine between normal and line of sight for a colour to count
constexpr float kLeastColour = 0.04f, kMostColour = 0.99f;
constexpr int kRounds = 40;
constexpr std::size_t kLeastSightings = 24;

float median(std::vector<float>& values) {
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// The shell of the hull, with normals from the voxels around that are not in it.
std::vector<SurfacePoint> shell(const VoteHull& hull, int tolerance) {
    std::vector<std::uint8_t> filled(hull.voxels());
    for (std::size_t i = 0; i < filled.size(); ++i) filled[i] = hull.in(i, tolerance);
    const auto at = [&](glm::ivec3 p) {
        for (int a = 0; a < 3; ++a)
            if (p[a] < 0 || p[a] >= hull.size[a]) return false;
        return filled[hull.index(p)] != 0;
    };
    std::vector<SurfacePoint> out;
    for (int z = 0; z < hull.size.z; ++z)
        for (int y = 0; y < hull.size.y; ++y)
            for (int x = 0; x < hull.size.x; ++x) {
                const glm::ivec3 p(x, y, z);
                if (!at(p)) continue;
                if (at(p + glm::ivec3(1, 0, 0)) && at(p - glm::ivec3(1, 0, 0)) &&
                    at(p + glm::ivec3(0, 1, 0)) && at(p - glm::ivec3(0, 1, 0)) &&
                    at(p + glm::ivec3(0, 0, 1)) && at(p - glm::ivec3(0, 0, 1)))
                    continue;
                glm::vec3 normal(0);
                for (int dz = -2; dz <= 2; ++dz)
                    for (int dy = -2; dy <= 2; ++dy)
                        for (int dx = -2; dx <= 2; ++dx)
                            if (!at(p + glm::ivec3(dx, dy, dz))) normal += glm::vec3(dx, dy, dz);
                const float length = glm::length(normal);
                out.push_back(
                    {hull.centre(hull.index(p)), length > 0 ? normal / length : glm::vec3(0), {}, 0});
            }
    return out;
}

/// Which points a view sees, and of what colour they are there.
void look(const SampledView& view, const SmallPicture& picture, float cell, std::uint16_t index,
          const std::vector<SurfacePoint>& points, std::vector<std::uint8_t>& seen,
          std::vector<Sighting>& sightings) {
    const Camera& camera = view.camera;
    const std::size_t width = std::size_t(camera.width);
    std::vector<float> depth(width * std::size_t(camera.height), 1e30f);
    const auto project = [&](glm::vec3 p, glm::vec3& out) {
        const glm::vec3 c = camera.to_camera(p);
        if (c.z < 1e-3f) return false;
        out = {camera.fx * c.x / c.z + camera.cx, camera.fy * c.y / c.z + camera.cy, c.z};
        return out.x >= 0 && out.y >= 0 && out.x < float(camera.width) && out.y < float(camera.height);
    };
    for (const SurfacePoint& point : points) {
        glm::vec3 at;
        if (!project(point.position, at)) continue;
        const float half = 0.5f * cell * camera.fx / at.z;
        for (int y = std::max(int(at.y - half), 0); y <= std::min(int(at.y + half), camera.height - 1); ++y)
            for (int x = std::max(int(at.x - half), 0); x <= std::min(int(at.x + half), camera.width - 1);
                 ++x) {
                float& nearest = depth[std::size_t(y) * width + std::size_t(x)];
                nearest = std::min(nearest, at.z);
            }
    }
    const auto well_inside = [&](int x, int y) {
        for (int dy = -1; dy <= 1; ++dy)
            for (int dx = -1; dx <= 1; ++dx)
                if (x + dx < 0 || y + dy < 0 || x + dx >= camera.width || y + dy >= camera.height ||
                    !view.inside(picture, x + dx, y + dy))
                    return false;
        return true;
    };
    seen.assign(points.size(), 0);
    for (std::size_t i = 0; i < points.size(); ++i) {
        glm::vec3 at;
        if (!project(points[i].position, at)) continue;
        const int x = int(at.x), y = int(at.y);
        const std::size_t pixel = std::size_t(y) * width + std::size_t(x);
        const float facing = glm::dot(points[i].normal, glm::normalize(camera.centre() - points[i].position));
        if (facing <= 0 || at.z > depth[pixel] + 2 * cell) continue;
        seen[i] = 1;
        if (facing < kFacing || !well_inside(x, y)) continue;
        glm::vec3 colour;
        bool clipped = false;
        for (int k = 0; k < 3; ++k) {
            colour[k] = float(picture.rgb[3 * pixel + std::size_t(k)]) / 255;
            clipped |= colour[k] < kLeastColour || colour[k] > kMostColour;
        }
        if (!clipped) sightings.push_back({std::uint32_t(i), index, colour});
    }
}

}  // namespace

Surface surface_of(const Samples& samples, int frame, const std::vector<int>& offsets, int tolerance) {
    Surface out;
    if (!samples.masks) return out;
    const VoteHull hull(samples, frame, offsets);
    out.points = shell(hull, tolerance);
    const std::size_t views = samples.views.size();
    std::vector<std::vector<std::uint8_t>> seen(views);
    std::vector<std::vector<Sighting>> sightings(views);
    parallel_for(views, 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t v = begin; v < end; ++v)
            if (const SmallPicture* picture = samples.at(v, frame, offsets[v]))
                look(samples.views[v], *picture, hull.cell, std::uint16_t(v), out.points, seen[v],
                     sightings[v]);
    });
    std::vector<int> counts(out.points.size(), 0);
    for (std::size_t v = 0; v < views; ++v) {
        for (std::size_t i = 0; i < seen[v].size(); ++i) out.points[i].seen_by += seen[v][i];
        for (const Sighting& s : sightings[v]) out.points[s.point].colour += s.colour, ++counts[s.point];
        out.sightings.insert(out.sightings.end(), sightings[v].begin(), sightings[v].end());
    }
    for (std::size_t i = 0; i < out.points.size(); ++i)
        out.points[i].colour = counts[i] ? out.points[i].colour / float(counts[i]) : glm::vec3(0.6f);
    return out;
}

std::vector<glm::vec3> view_gains(const Surface& surface, std::size_t views) {
    // log colour = log albedo of the point + log gain of the view: medians in turn.
    std::vector<std::size_t> counts(views, 0), shared(surface.points.size(), 0);
    for (const Sighting& s : surface.sightings) ++shared[s.point];
    std::vector<std::vector<const Sighting*>> by_point(surface.points.size()), by_view(views);
    for (const Sighting& s : surface.sightings) {
        if (shared[s.point] < 2) continue;
        by_point[s.point].push_back(&s), by_view[s.view].push_back(&s);
    }
    std::vector<glm::vec3> out(views, glm::vec3(NAN));
    std::vector<float> values;
    for (int k = 0; k < 3; ++k) {
        std::vector<float> albedo(surface.points.size(), 0), gain(views, 0);
        for (int round = 0; round < kRounds; ++round) {
            for (std::size_t p = 0; p < by_point.size(); ++p) {
                if (by_point[p].empty()) continue;
                values.clear();
                for (const Sighting* s : by_point[p])
                    values.push_back(std::log(s->colour[k]) - gain[s->view]);
                albedo[p] = median(values);
            }
            for (std::size_t v = 0; v < views; ++v) {
                if (by_view[v].size() < kLeastSightings) continue;
                values.clear();
                for (const Sighting* s : by_view[v])
                    values.push_back(std::log(s->colour[k]) - albedo[s->point]);
                gain[v] = median(values);
            }
        }
        values.clear();
        for (std::size_t v = 0; v < views; ++v)
            if (by_view[v].size() >= kLeastSightings) values.push_back(gain[v]);
        if (values.empty()) continue;
        const float middle = median(values);
        for (std::size_t v = 0; v < views; ++v)
            if (by_view[v].size() >= kLeastSightings) out[v][k] = std::exp(gain[v] - middle);
    }
    return out;
}

}  // namespace volumen
