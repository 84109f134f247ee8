#include "encoder/pack/coded_planes.h"

#include <algorithm>
#include <cmath>

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

PlaneSteps steps_of(const SegmentLayout& layout) {
    const auto least = [&](int from, int to, int stride) {
        float step = layout.plane_step[std::size_t(from)];
        for (int p = from; p < to; p += stride) step = std::min(step, layout.plane_step[std::size_t(p)]);
        return step;
    };
    const int planes = plane_count(layout.sh_degree);
    PlaneSteps out;
    out.position = layout.position_step;
    out.rotation = least(kPlaneRotation, kPlaneScale, 1);
    out.scale = least(kPlaneScale, kPlaneOpacity, 1);
    out.opacity = least(kPlaneOpacity, kPlaneSh, 1);
    out.colour = least(kPlaneSh, kPlaneSh + 3, 3);
    out.chroma = least(kPlaneSh + 1, kPlaneSh + 3, 1) / out.colour;
    out.detail = layout.sh_degree > 0 ? least(kPlaneSh + 3, planes, 3) : out.colour;
    return out;
}

}  // namespace volumen
