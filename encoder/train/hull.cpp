#include "encoder/train/hull.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "encoder/train/quaternion.h"
#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr int kCoarse = 48;      ///< voxels a side of the first, conservative pass
constexpr float kInside = 0.5f;  ///< alpha from which a pixel is in the mask

/// A mask with its sums, so that "is any of this rectangle in the mask" costs four reads.
struct Mask {
    const TrainingView* view;
    std::vector<std::uint32_t> sums;  ///< (width + 1) × (height + 1)

    explicit Mask(const TrainingView& v) : view(&v) {
        const int width = v.camera.width, height = v.camera.height, stride = width + 1;
        sums.assign(std::size_t(stride) * (height + 1), 0);
        for (int y = 0; y < height; ++y) {
            std::uint32_t row = 0;
            for (int x = 0; x < width; ++x) {
                row += v.alpha[std::size_t(y) * width + x] >= kInside;
                sums[std::size_t(y + 1) * stride + x + 1] = sums[std::size_t(y) * stride + x + 1] + row;
            }
        }
    }

    enum class Seen { not_seen, outside, inside };

    /// A cube of half side `half` around `p`: inside when any pixel of its bounding square is.
    Seen test(glm::vec3 p, float half) const {
        const Camera& camera = view->camera;
        const glm::vec3 c = camera.to_camera(p);
        if (c.z < 1e-3f) return Seen::not_seen;
        const float u = camera.fx * c.x / c.z + camera.cx, v = camera.fy * c.y / c.z + camera.cy;
        const float reach = half * std::max(camera.fx, camera.fy) / c.z;
        if (u + reach < 0 || v + reach < 0 || u - reach >= float(camera.width) ||
            v - reach >= float(camera.height))
            return Seen::not_seen;
        const auto clamp_x = [&](float x) { return std::size_t(std::clamp(x, 0.0f, float(camera.width))); };
        const auto clamp_y = [&](float y) { return std::size_t(std::clamp(y, 0.0f, float(camera.height))); };
        const std::size_t x0 = clamp_x(u - reach), x1 = clamp_x(u + reach + 1), y0 = clamp_y(v - reach),
                          y1 = clamp_y(v + reach + 1), stride = std::size_t(camera.width) + 1;
        const std::uint32_t sum =
            sums[y1 * stride + x1] - sums[y0 * stride + x1] - sums[y1 * stride + x0] + sums[y0 * stride + x0];
        return sum > 0 ? Seen::inside : Seen::outside;
    }
};

bool in_hull(const std::vector<Mask>& masks, glm::vec3 p, float half) {
    int inside = 0;
    for (const Mask& mask : masks) {
        const Mask::Seen seen = mask.test(p, half);
        if (seen == Mask::Seen::outside) return false;
        inside += seen == Mask::Seen::inside;
    }
    return inside >= std::max(2, int(masks.size() + 1) / 2);
}

struct Grid {
    glm::vec3 origin{0};
    float cell = 0;
    glm::ivec3 size{0};
    std::vector<std::uint8_t> filled;

    std::size_t index(glm::ivec3 p) const { return (std::size_t(p.z) * size.y + p.y) * size.x + p.x; }
    bool at(glm::ivec3 p) const {
        return glm::all(glm::greaterThanEqual(p, glm::ivec3(0))) && glm::all(glm::lessThan(p, size)) &&
               filled[index(p)];
    }
    glm::vec3 centre(glm::ivec3 p) const { return origin + (glm::vec3(p) + 0.5f) * cell; }
};

/// `within`: only cells whose centre falls into a filled cell of it are looked at.
Grid carve(const std::vector<Mask>& masks, glm::vec3 low, glm::vec3 high, float cell, float reach,
           const Grid* within) {
    Grid grid;
    grid.origin = low, grid.cell = cell;
    grid.size = glm::max(glm::ivec3(glm::ceil((high - low) / cell)), glm::ivec3(1));
    grid.filled.assign(std::size_t(grid.size.x) * grid.size.y * grid.size.z, 0);
    parallel_for(std::size_t(grid.size.z), 1, [&](std::size_t begin, std::size_t end, int) {
        for (int z = int(begin); z < int(end); ++z)
            for (int y = 0; y < grid.size.y; ++y)
                for (int x = 0; x < grid.size.x; ++x) {
                    const glm::vec3 p = grid.centre({x, y, z});
                    if (within && !within->at(glm::ivec3(glm::floor((p - within->origin) / within->cell))))
                        continue;
                    grid.filled[grid.index({x, y, z})] = in_hull(masks, p, reach * cell);
                }
    });
    return grid;
}

glm::vec3 outward(const Grid& grid, glm::ivec3 p) {
    glm::vec3 normal(0);
    for (int z = -2; z <= 2; ++z)
        for (int y = -2; y <= 2; ++y)
            for (int x = -2; x <= 2; ++x)
                if (!grid.at(p + glm::ivec3(x, y, z))) normal += glm::vec3(x, y, z);
    const float length = glm::length(normal);
    return length > 0 ? normal / length : glm::vec3(0);
}

std::vector<Mask> masks_of(const TrainingFrame& frame) {
    std::vector<Mask> masks;
    for (const TrainingView& view : frame.views)
        if (!view.alpha.empty()) masks.emplace_back(view);
    return masks;
}

}  // namespace

glm::vec3 seen_colour(const TrainingFrame& frame, glm::vec3 p, glm::vec3 normal) {
    glm::vec3 sum(0);
    float weights = 0;
    for (const TrainingView& view : frame.views) {
        const Camera& camera = view.camera;
        const glm::vec3 c = camera.to_camera(p);
        if (c.z < 1e-3f) continue;
        const int u = int(std::floor(camera.fx * c.x / c.z + camera.cx)),
                  v = int(std::floor(camera.fy * c.y / c.z + camera.cy));
        if (u < 0 || v < 0 || u >= camera.width || v >= camera.height) continue;
        const std::size_t pixel = std::size_t(v) * camera.width + u;
        const float alpha = view.alpha[pixel];
        if (alpha < kInside) continue;
        const float facing = glm::dot(normal, glm::normalize(camera.centre() - p));
        const float weight =
            facing > 0 ? facing * facing : 1e-4f;  // views from behind only where nothing else sees it
        for (int k = 0; k < 3; ++k) sum[k] += weight * view.colour.plane(k)[pixel] / alpha;
        weights += weight;
    }
    return weights > 0 ? sum / weights : glm::vec3(0.5f);
}

std::vector<char> outside_hull(const TrainingFrame& frame, const SplatCloud& cloud, float slack) {
    const std::vector<Mask> masks = masks_of(frame);
    std::vector<char> outside(cloud.count);
    parallel_for(cloud.count, 1024, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i)
            outside[i] = std::ranges::any_of(masks, [&](const Mask& mask) {
                return mask.test(position(cloud, i), slack) == Mask::Seen::outside;
            });
    });
    return outside;
}

std::vector<HullPoint> visual_hull(const TrainingFrame& frame, glm::vec3 centre, float radius,
                                   int resolution) {
    const std::vector<Mask> masks = masks_of(frame);
    if (masks.size() < 2) return {};

    const float coarse_cell = 2 * radius / kCoarse;
    const Grid coarse = carve(masks, centre - radius, centre + radius, coarse_cell, 0.5f, nullptr);
    glm::ivec3 low(kCoarse), high(-1);
    for (int z = 0; z < coarse.size.z; ++z)
        for (int y = 0; y < coarse.size.y; ++y)
            for (int x = 0; x < coarse.size.x; ++x)
                if (coarse.at({x, y, z})) low = glm::min(low, {x, y, z}), high = glm::max(high, {x, y, z});
    if (high.x < 0) return {};
    const glm::vec3 a = coarse.origin + glm::vec3(low) * coarse_cell,
                    b = coarse.origin + glm::vec3(high + 1) * coarse_cell;
    const glm::vec3 side = b - a;
    const float cell = std::max({side.x, side.y, side.z}) / float(resolution);
    const Grid grid = carve(masks, a, b, cell, 0, &coarse);

    std::vector<HullPoint> points;
    for (int z = 0; z < grid.size.z; ++z)
        for (int y = 0; y < grid.size.y; ++y)
            for (int x = 0; x < grid.size.x; ++x) {
                const glm::ivec3 p(x, y, z);
                if (!grid.at(p)) continue;
                if (grid.at(p + glm::ivec3(1, 0, 0)) && grid.at(p - glm::ivec3(1, 0, 0)) &&
                    grid.at(p + glm::ivec3(0, 1, 0)) && grid.at(p - glm::ivec3(0, 1, 0)) &&
                    grid.at(p + glm::ivec3(0, 0, 1)) && grid.at(p - glm::ivec3(0, 0, 1)))
                    continue;
                points.push_back({grid.centre(p), outward(grid, p), {}});
            }
    parallel_for(points.size(), 1024, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i)
            points[i].colour = seen_colour(frame, points[i].position, points[i].normal);
    });
    return points;
}

}  // namespace volumen::train
