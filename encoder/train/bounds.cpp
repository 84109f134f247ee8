#include "encoder/train/bounds.h"

#include <algorithm>
#include <vector>

namespace volumen::train {

void Bounds::add(const SplatCloud& cloud) {
    for (int a = 0; a < 3; ++a) {
        std::vector<float> axis;
        for (std::size_t i = 0; i < cloud.count; ++i)
            if (cloud.channel(SplatCloud::kOpacity)[i] > 0)
                axis.push_back(cloud.channel(SplatCloud::kPosition + a)[i]);
        if (axis.empty()) continue;
        const std::size_t cut = axis.size() / 1000;
        std::nth_element(axis.begin(), axis.begin() + std::ptrdiff_t(cut), axis.end());
        low[a] = std::min(low[a], axis[cut]);
        std::nth_element(axis.begin(), axis.end() - 1 - std::ptrdiff_t(cut), axis.end());
        high[a] = std::max(high[a], axis[axis.size() - 1 - cut]);
    }
}

void Bounds::apply(TakeInfo& take) const {
    if (!(low.x <= high.x)) return;
    take.bounds_min = low, take.bounds_max = high;
    take.floor = 0;
    for (int a = 0; a < 3; ++a) take.floor += take.up[a] * (take.up[a] > 0 ? low[a] : high[a]);
}

}  // namespace volumen::train
