#include "encoder/train/depth_terms.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr float kCovered = 0.8f;    ///< coverage from which a pixel has a depth
constexpr float kStep = 0.03f;      ///< units between neighbouring pixels that are one body's
constexpr float kRounding = 1e-3f;  ///< units below which unevenness counts with its square
constexpr float kEdge = 10;         ///< how fast a change of colour hides a bend of the surface
constexpr float kOneBody = 0.1f;    ///< units of deviation above which a pixel blends more than one body
/// Deviations of what a pixel blends from the mean of its centres to the surface; the deviation counts as
/// given. Against the depths of a rendered figure, means lie 0.016 units too deep, these 0.0002 too near.
constexpr float kSurface = 0.5f;
constexpr std::size_t kGrain = 16, kValueGrain = 16'384;

/// Lines of pixels: `count` of them, `next` apart, of `length` pixels, `step` apart.
struct Lines {
    std::size_t count, next, length, step;
};

double smooth_lines(const DepthImage& depth, const PlanarImage& colour, float unit, float share,
                    const Lines& lines, std::span<float> d_z) {
    std::vector<double> sums(lines.count, 0);
    const float step = kStep * unit, rounding = kRounding * unit;
    parallel_for(lines.count, kGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t line = begin; line < end; ++line)
            for (std::size_t i = 1; i + 1 < lines.length; ++i) {
                const std::size_t at = line * lines.next + i * lines.step;
                const std::size_t before = at - lines.step, after = at + lines.step;
                const float a = depth.z[before], b = depth.z[at], c = depth.z[after];
                if (a <= 0 || b <= 0 || c <= 0 || std::abs(a - b) > step || std::abs(c - b) > step) continue;
                float edge = 0;
                for (int k = 0; k < 3; ++k) {
                    const std::span<const float> plane = colour.plane(k);
                    edge += std::abs(plane[after] - plane[before]);
                }
                const float weight = share * std::exp(-kEdge * edge / 3) / unit, bend = a - 2 * b + c;
                const float length = std::sqrt(bend * bend + rounding * rounding), d = weight * bend / length;
                sums[line] += double(weight * (length - rounding));
                d_z[before] += d, d_z[at] -= 2 * d, d_z[after] += d;
            }
    });
    return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace

float smooth_term(const DepthImage& depth, const PlanarImage& colour, float unit, float weight,
                  std::span<float> d_z) {
    const auto known = std::ranges::count_if(depth.z, [](float z) { return z > 0; });
    if (known == 0) return 0;
    const std::size_t width = std::size_t(depth.width), height = std::size_t(depth.height);
    const float share = weight / float(known);
    return float(smooth_lines(depth, colour, unit, share, {height, width, width, 1}, d_z) +
                 smooth_lines(depth, colour, unit, share, {width, 1, height, width}, d_z));
}

float DepthTerms::operator()(const SplatCloud& cloud, const TrainingView& view, glm::vec3 centre, float unit,
                             const DepthWeights& weights, SplatCloud& gradients,
                             const DepthTerm& of_surface) {
    RasterSettings raster;
    raster.draws = Draws::kDepth;
    raster.depth_origin = view.camera.to_camera(centre).z, raster.depth_unit = unit;
    raster.background = glm::vec3(0);
    const PlanarImage& moments = rasteriser_.forward(cloud, view.camera, raster);
    const float *zeroth = rasteriser_.alpha().data(), *first = moments.plane(0).data(),
                *second = moments.plane(1).data();
    depth_.width = moments.width, depth_.height = moments.height;
    depth_.z.resize(moments.area());
    for (std::size_t i = 0; i < moments.area(); ++i)
        depth_.z[i] = zeroth[i] >= kCovered ? raster.depth_origin + unit * first[i] / zeroth[i] : 0;
    d_z_.assign(moments.area(), 0);
    float of_depths = smooth_term(depth_, view.colour, unit, weights.smooth, d_z_);
    if (of_surface) {
        surface_ = depth_;
        for (std::size_t i = 0; i < moments.area(); ++i) {
            if (depth_.z[i] <= 0) continue;
            const float mean = first[i] / zeroth[i];
            const float deviation = std::sqrt(std::max(second[i] / zeroth[i] - mean * mean, 0.0f));
            surface_.z[i] = deviation <= kOneBody ? depth_.z[i] - kSurface * deviation * unit : 0;
        }
        of_depths += of_surface(surface_, d_z_);
    }

    if (d_moments_.width != moments.width || d_moments_.height != moments.height)
        d_moments_ = PlanarImage(moments.width, moments.height);
    d_alpha_.resize(moments.area());
    float *d_first = d_moments_.plane(0).data(), *d_second = d_moments_.plane(1).data();
    const float share = weights.spread / float(moments.area());
    double spread = 0;
    for (std::size_t i = 0; i < moments.area(); ++i) {
        // Σ_ij w_i w_j (t_i - t_j)² / 2 = (Σ w)(Σ w t²) - (Σ w t)².
        spread += double(zeroth[i] * second[i] - first[i] * first[i]);
        d_first[i] = -2 * share * first[i];
        d_second[i] = share * zeroth[i];
        d_alpha_[i] = share * second[i];
        if (depth_.z[i] <= 0) continue;
        // z = origin + unit · (Σ w t) / (Σ w).
        const float d_mean = unit * d_z_[i] / zeroth[i];
        d_first[i] += d_mean;
        d_alpha_[i] -= d_mean * first[i] / zeroth[i];
    }
    rasteriser_.backward(d_moments_, d_alpha_, own_);
    parallel_for(own_.values.size(), kValueGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) gradients.values[i] += own_.values[i];
    });
    return of_depths + float(spread * double(share));
}

}  // namespace volumen::train
