#include "encoder/train/photometric.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace volumen::train {

float Photometric::operator()(const SplatCloud& cloud, const TrainingView& view,
                              const RasterSettings& settings, float ssim_weight, SplatCloud& gradients) {
    view.over(settings.background, truth_);
    const PlanarImage& render = rasteriser.forward(cloud, view.camera, settings);
    if (!colour.compensates(view.view)) {
        const float loss = loss_(render, truth_, ssim_weight, view.weight, d_image_);
        rasteriser.backward(d_image_, {}, gradients);
        return loss;
    }
    // Without masks the surroundings are the camera's too, splats or not.
    const std::span<const float> coverage =
        view.alpha.empty() ? std::span<const float>() : rasteriser.alpha();
    colour.apply(view.view, render, coverage, settings.background, seen_);
    const float loss = loss_(seen_, truth_, ssim_weight, view.weight, d_image_);
    colour.backward(view.view, render, coverage, settings.background, d_image_, d_coverage_);
    colour.step(view.view, colour_rate);
    rasteriser.backward(d_image_, d_coverage_, gradients);
    return loss;
}

std::vector<ColourRatio> Photometric::colour_ratios(const SplatCloud& cloud, const TrainingFrame& frame,
                                                    const RasterSettings& settings) {
    std::vector<ColourRatio> out;
    for (const TrainingView& view : frame.views) {
        view.over(settings.background, truth_);
        const PlanarImage& render = rasteriser.forward(cloud, view.camera, settings);
        out.push_back({view.view, colour_ratio(truth_, view.alpha, render, rasteriser.alpha(), view.weight)});
    }
    return out;
}

int ViewOrder::next(std::mt19937_64& random) {
    if (next_ == order_.size()) {
        for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random() % i]);
        next_ = 0;
    }
    return order_[next_++];
}

float normal(std::mt19937_64& random) {
    const float u = 1 - uniform(random), v = uniform(random);
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi_v<float> * v);
}

glm::vec3 draw_background(std::mt19937_64& random, float random_share, glm::vec3 fixed) {
    if (uniform(random) >= random_share) return fixed;
    const float r = uniform(random), g = uniform(random), b = uniform(random);
    return {r, g, b};
}

}  // namespace volumen::train
