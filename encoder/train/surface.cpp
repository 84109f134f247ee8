#include "encoder/train/surface.h"

#include <algorithm>
#include <cmath>

#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr float kFlat = 0.1f;  ///< least axis of a disc, in middle axes
constexpr std::size_t kGrain = 16'384;

}  // namespace

float SpreadTerm::operator()(const SplatCloud& cloud, const Camera& camera, glm::vec3 centre, float unit,
                             float weight, SplatCloud& gradients) {
    RasterSettings raster;
    raster.draws = Draws::kDepth;
    raster.depth_origin = camera.to_camera(centre).z, raster.depth_unit = unit;
    raster.background = glm::vec3(0);
    const PlanarImage& moments = rasteriser_.forward(cloud, camera, raster);
    if (d_image_.width != moments.width || d_image_.height != moments.height)
        d_image_ = PlanarImage(moments.width, moments.height);
    d_alpha_.resize(moments.area());
    const float* zeroth = rasteriser_.alpha().data();
    const float* first = moments.plane(0).data();
    const float* second = moments.plane(1).data();
    float *d_first = d_image_.plane(0).data(), *d_second = d_image_.plane(1).data();
    const float share = weight / float(moments.area());
    double sum = 0;
    // Σ_ij w_i w_j (t_i - t_j)² / 2 = (Σ w)(Σ w t²) - (Σ w t)².
    for (std::size_t i = 0; i < moments.area(); ++i) {
        sum += double(zeroth[i] * second[i] - first[i] * first[i]);
        d_first[i] = -2 * share * first[i];
        d_second[i] = share * zeroth[i];
        d_alpha_[i] = share * second[i];
    }
    rasteriser_.backward(d_image_, d_alpha_, own_);
    parallel_for(own_.values.size(), kGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) gradients.values[i] += own_.values[i];
    });
    return float(sum * double(share));
}

float flat_term(const SplatCloud& cloud, float weight, SplatCloud& gradients) {
    const float pull = weight / float(cloud.count);
    float sum = 0;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        int axes[3] = {0, 1, 2};
        const auto log_scale = [&](int axis) { return cloud.channel(SplatCloud::kScale + axis)[i]; };
        std::sort(axes, axes + 3, [&](int a, int b) { return log_scale(a) < log_scale(b); });
        if (log_scale(axes[0]) < log_scale(axes[1]) + std::log(kFlat)) continue;
        const float axis = pull * std::exp(log_scale(axes[0]));
        sum += axis;
        gradients.channel(SplatCloud::kScale + axes[0])[i] += axis;
    }
    return sum;
}

}  // namespace volumen::train
