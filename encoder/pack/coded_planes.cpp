#include "encoder/pack/coded_planes.h"

#include <cmath>

#include "formats/stream/frame.h"

namespace volumen {

float coded_value(const SplatCloud& cloud, int plane, std::size_t i) {
    if (plane < kPlaneRotation) return cloud.channel(SplatCloud::kPosition + plane)[i];
    if (plane < kPlaneScale) return cloud.channel(SplatCloud::kRotation + 1 + plane - kPlaneRotation)[i];
    if (plane < kPlaneOpacity) return cloud.channel(SplatCloud::kScale + plane - kPlaneScale)[i];
    if (plane < kPlaneSh) return 1 / (1 + std::exp(-cloud.channel(SplatCloud::kOpacity)[i]));
    const int k = (plane - kPlaneSh) / 3, part = (plane - kPlaneSh) % 3;
    const float r = cloud.channel(SplatCloud::kSh + 3 * k)[i];
    const float g = cloud.channel(SplatCloud::kSh + 3 * k + 1)[i];
    const float b = cloud.channel(SplatCloud::kSh + 3 * k + 2)[i];
    return part == 0 ? (r + 2 * g + b) / 4 : part == 1 ? (r - b) / 2 : (2 * g - r - b) / 4;
}

float least_step(int plane, const PlaneSteps& steps) {
    if (plane < kPlaneScale) return steps.rotation;
    if (plane < kPlaneOpacity) return steps.scale;
    if (plane < kPlaneSh) return steps.opacity;
    const float luminance = plane < kPlaneSh + 3 ? steps.colour : steps.detail;
    return (plane - kPlaneSh) % 3 ? luminance * steps.chroma : luminance;
}

}  // namespace volumen
