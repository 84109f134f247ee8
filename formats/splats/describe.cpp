#include "formats/splats/describe.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace volumen {
namespace {

/// The share of splats that bounds leave out at either end of each axis.
constexpr double kStrays = 0.005;
/// Smaller is one point: a view of it needs some distance all the same.
constexpr float kLeastRadius = 1e-3f;

}  // namespace

void Bounds::add(const SplatCloud& cloud) {
    if (cloud.count == 0) return;
    const auto strays = std::ptrdiff_t(kStrays * double(cloud.count));
    for (int axis = 0; axis < 3; ++axis) {
        const auto from = cloud.channel(SplatCloud::kPosition + axis);
        std::vector<float> values(from.begin(), from.end());
        std::nth_element(values.begin(), values.begin() + strays, values.end());
        low[axis] = std::min(low[axis], values[std::size_t(strays)]);
        std::nth_element(values.begin(), values.end() - 1 - strays, values.end());
        high[axis] = std::max(high[axis], values[values.size() - 1 - std::size_t(strays)]);
    }
}

TakeInfo describe_take(const Bounds& bounds, glm::vec3 up) {
    TakeInfo info;
    info.up = up;
    if (bounds.low.x > bounds.high.x) return info;
    info.bounds_min = bounds.low, info.bounds_max = bounds.high;
    const glm::vec3 centre = 0.5f * (bounds.low + bounds.high);
    const float radius = std::max(0.5f * glm::length(bounds.high - bounds.low), kLeastRadius);
    const glm::vec3 low = glm::min(bounds.low * up, bounds.high * up);
    info.floor = low.x + low.y + low.z;

    // From the front: scans stand with their face along -z (y-up or y-down) or -y (z-up).
    const glm::vec3 front = std::abs(up.z) > 0.5f ? glm::vec3(0, -1, 0) : glm::vec3(0, 0, up.y < 0 ? -1 : 1);
    info.view_target = centre;
    info.view_eye = centre + front * (radius / std::sin(0.5f * info.view_fov)) + 0.15f * radius * up;
    return info;
}

TakeInfo turned(const TakeInfo& take, glm::vec3 up) {
    TakeInfo out = describe_take({take.bounds_min, take.bounds_max}, up);
    out.fps = take.fps;
    out.metres_per_unit = take.metres_per_unit;
    out.background = take.background;
    return out;
}

}  // namespace volumen
