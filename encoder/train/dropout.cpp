#include "encoder/train/dropout.h"

#include <cmath>

#include "encoder/train/photometric.h"

namespace volumen::train {
namespace {

constexpr float kNotDrawn = -50;       ///< an opacity logit far below the cut
constexpr float kMostOpaque = 0.995f;  ///< above the rasteriser's clip

}  // namespace

const SplatCloud& Dropout::thin(const SplatCloud& cloud, float share, std::mt19937_64& random) {
    thinned_ = cloud;
    slope_.assign(cloud.count, 0);
    const std::span<float> logits = thinned_.channel(SplatCloud::kOpacity);
    for (std::size_t i = 0; i < cloud.count; ++i) {
        if (uniform(random) < share) {
            logits[i] = kNotDrawn;
            continue;
        }
        const float opacity = 1 / (1 + std::exp(-logits[i])), raised = opacity / (1 - share);
        if (raised < kMostOpaque) {
            logits[i] = std::log(raised / (1 - raised));
            slope_[i] = (1 - opacity) / (1 - raised);
        } else {
            logits[i] = std::max(logits[i], std::log(kMostOpaque / (1 - kMostOpaque)));
        }
    }
    return thinned_;
}

void Dropout::pull_back(SplatCloud& gradients) const {
    const std::span<float> opacity = gradients.channel(SplatCloud::kOpacity);
    for (std::size_t i = 0; i < opacity.size(); ++i) opacity[i] *= slope_[i];
}

}  // namespace volumen::train
