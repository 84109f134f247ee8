#include "encoder/train/photometric.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace volumen::train {

float Photometric::operator()(const SplatCloud& cloud, const TrainingView& view,
                              const RasterSettings& settings, float ssim_weight, SplatCloud& gradients) {
    view.over(settings.background, truth_);
    const PlanarImage& render = rasteriser.forward(cloud, view.camera, settings);
    const float loss = loss_(render, truth_, ssim_weight, view.weight, d_image_);
    rasteriser.backward(d_image_, {}, gradients);
    return loss;
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
