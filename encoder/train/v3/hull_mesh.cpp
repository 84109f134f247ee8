#include "encoder/train/v3/hull_mesh.h"

#include <algorithm>
#include <cmath>

#include "encoder/train/photometric.h"
#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr float kSurface = 0.5f;       ///< alpha
constexpr int kBoundsResolution = 64;  ///< voxels that find the hull's box

/// Bilinear, pixel centres at halves; 0 outside of the image.
float alpha_at(const TrainingView& view, float u, float v) {
    const int width = view.camera.width, height = view.camera.height;
    const float x = u - 0.5f, y = v - 0.5f;
    const int x0 = int(std::floor(x)), y0 = int(std::floor(y));
    const float fx = x - float(x0), fy = y - float(y0);
    const auto at = [&](int i, int j) {
        return i >= 0 && j >= 0 && i < width && j < height ? view.alpha[std::size_t(j) * width + i] : 0.0f;
    };
    return (1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x0 + 1, y0)) +
           fy * ((1 - fx) * at(x0, y0 + 1) + fx * at(x0 + 1, y0 + 1));
}

/// The least alpha that a view shows of a place, 0 where too few see it.
float hull_alpha(const std::vector<const TrainingView*>& views, glm::vec3 p) {
    float least = 1;
    std::size_t seen = 0;
    for (const TrainingView* view : views) {
        const Camera& camera = view->camera;
        const glm::vec3 c = camera.to_camera(p);
        if (c.z < 1e-3f) continue;
        const float u = camera.fx * c.x / c.z + camera.cx, v = camera.fy * c.y / c.z + camera.cy;
        if (u < 0 || v < 0 || u >= float(camera.width) || v >= float(camera.height)) continue;
        ++seen;
        least = std::min(least, alpha_at(*view, u, v));
        if (least == 0) return 0;
    }
    return seen >= std::max<std::size_t>(2, (views.size() + 1) / 2) ? least : 0;
}

/// The field at the corners of cells.
struct Corners {
    glm::vec3 origin{0};
    float cell = 0;
    glm::ivec3 size{0};
    std::vector<float> alpha;

    std::size_t index(glm::ivec3 p) const { return (std::size_t(p.z) * size.y + p.y) * size.x + p.x; }
    glm::vec3 place(glm::ivec3 p) const { return origin + glm::vec3(p) * cell; }
    bool inside(glm::ivec3 p) const { return alpha[index(p)] >= kSurface; }
    /// Where between two corners the surface lies, from 0 at the first.
    float crossing(glm::ivec3 a, glm::ivec3 b) const {
        const float from = alpha[index(a)], to = alpha[index(b)];
        return std::clamp((kSurface - from) / (to - from), 0.0f, 1.0f);
    }
};

Corners sample_field(const TrainingFrame& frame, glm::vec3 low, glm::vec3 high, float cell) {
    std::vector<const TrainingView*> views;
    for (const TrainingView& view : frame.views)
        if (!view.alpha.empty()) views.push_back(&view);
    Corners out;
    out.origin = low - 2 * cell, out.cell = cell;
    out.size = glm::ivec3(glm::ceil((high - low) / cell)) + 5;
    out.alpha.resize(std::size_t(out.size.x) * out.size.y * out.size.z);
    parallel_for(std::size_t(out.size.z), 1, [&](std::size_t begin, std::size_t end, int) {
        for (int z = int(begin); z < int(end); ++z)
            for (int y = 0; y < out.size.y; ++y)
                for (int x = 0; x < out.size.x; ++x) {
                    const glm::ivec3 p(x, y, z);
                    // The outermost corners lie outside: the surface is closed.
                    const bool border =
                        glm::any(glm::equal(p, glm::ivec3(0))) || glm::any(glm::equal(p, out.size - 1));
                    out.alpha[out.index(p)] = border ? 0 : hull_alpha(views, out.place(p));
                }
    });
    return out;
}

constexpr glm::ivec3 kAxis[3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

/// The mean of where the surface crosses the edges of the cell above corner `p`; false if it crosses none.
bool cell_vertex(const Corners& corners, glm::ivec3 p, glm::vec3& vertex) {
    glm::vec3 sum(0);
    int crossings = 0;
    for (int axis = 0; axis < 3; ++axis)
        for (int k = 0; k < 4; ++k) {
            const glm::ivec3 a = p + (k & 1) * kAxis[(axis + 1) % 3] + (k >> 1) * kAxis[(axis + 2) % 3];
            const glm::ivec3 b = a + kAxis[axis];
            if (corners.inside(a) == corners.inside(b)) continue;
            sum += corners.place(a) + corners.crossing(a, b) * corners.cell * glm::vec3(kAxis[axis]);
            ++crossings;
        }
    if (crossings) vertex = sum / float(crossings);
    return crossings > 0;
}

constexpr std::uint32_t kNone = ~0u;

Mesh surface_nets(const Corners& corners) {
    Mesh mesh;
    std::vector<std::uint32_t> vertex_of(corners.alpha.size(), kNone);
    const glm::ivec3 cells = corners.size - 1;
    for (int z = 0; z < cells.z; ++z)
        for (int y = 0; y < cells.y; ++y)
            for (int x = 0; x < cells.x; ++x) {
                glm::vec3 vertex;
                if (!cell_vertex(corners, {x, y, z}, vertex)) continue;
                vertex_of[corners.index({x, y, z})] = std::uint32_t(mesh.vertices.size());
                mesh.vertices.push_back(vertex);
            }
    // Around each edge that the surface crosses lie four cells, whose vertices make a quad.
    for (int z = 1; z < cells.z; ++z)
        for (int y = 1; y < cells.y; ++y)
            for (int x = 1; x < cells.x; ++x)
                for (int axis = 0; axis < 3; ++axis) {
                    const glm::ivec3 p(x, y, z), u = kAxis[(axis + 1) % 3], v = kAxis[(axis + 2) % 3];
                    const bool from = corners.inside(p);
                    if (from == corners.inside(p + kAxis[axis])) continue;
                    const auto at = [&](glm::ivec3 cell) { return vertex_of[corners.index(cell)]; };
                    std::uint32_t quad[4] = {at(p - u - v), at(p - v), at(p), at(p - u)};
                    if (!from) std::swap(quad[1], quad[3]);
                    mesh.triangles.emplace_back(quad[0], quad[1], quad[2]);
                    mesh.triangles.emplace_back(quad[0], quad[2], quad[3]);
                }
    return mesh;
}

}  // namespace

Mesh hull_mesh(const TrainingFrame& frame, glm::vec3 centre, float radius, int resolution) {
    const std::vector<HullPoint> voxels = visual_hull(frame, centre, radius, kBoundsResolution);
    if (voxels.empty()) return {};
    glm::vec3 low(INFINITY), high(-INFINITY);
    for (const HullPoint& p : voxels) low = glm::min(low, p.position), high = glm::max(high, p.position);
    const glm::vec3 side = high - low;
    const float longest = std::max({side.x, side.y, side.z, 1e-6f});
    const float margin = 2 * longest / kBoundsResolution;
    return surface_nets(sample_field(frame, low - margin, high + margin, longest / float(resolution)));
}

std::vector<HullPoint> sample_mesh(const Mesh& mesh, const TrainingFrame& frame, std::size_t count,
                                   std::mt19937_64& random) {
    std::vector<double> areas;
    double area = 0;
    const auto across = [&](glm::uvec3 t) {
        return glm::cross(mesh.vertices[t.y] - mesh.vertices[t.x], mesh.vertices[t.z] - mesh.vertices[t.x]);
    };
    for (const glm::uvec3 t : mesh.triangles) areas.push_back(area += 0.5 * double(glm::length(across(t))));
    std::vector<HullPoint> points;
    if (!(area > 0)) return points;
    for (std::size_t i = 0; i < count; ++i) {
        const double at = area * (double(i) + double(uniform(random))) / double(count);
        const auto found = std::upper_bound(areas.begin(), areas.end() - 1, at);
        const glm::uvec3 t = mesh.triangles[std::size_t(found - areas.begin())];
        float a = uniform(random), b = uniform(random);
        if (a + b > 1) a = 1 - a, b = 1 - b;
        const glm::vec3 &p = mesh.vertices[t.x], &q = mesh.vertices[t.y], &r = mesh.vertices[t.z];
        const glm::vec3 normal = across(t);
        const float length = glm::length(normal);
        points.push_back({p + a * (q - p) + b * (r - p), length > 0 ? normal / length : glm::vec3(0), {}});
    }
    parallel_for(points.size(), 1024, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i)
            points[i].colour = seen_colour(frame, points[i].position, points[i].normal);
    });
    return points;
}

}  // namespace volumen::train
