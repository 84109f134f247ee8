#include "formats/splats/cloud.h"

#include <algorithm>

namespace volumen {

SplatCloud gather(const SplatCloud& cloud, std::span<const std::size_t> order) {
    SplatCloud out(order.size(), cloud.sh_degree);
    for (int c = 0; c < cloud.channels(); ++c) {
        const std::span<const float> from = cloud.channel(c);
        std::transform(order.begin(), order.end(), out.channel(c).begin(),
                       [&](std::size_t i) { return from[i]; });
    }
    return out;
}

SplatCloud with_sh_degree(const SplatCloud& cloud, int degree) {
    SplatCloud out(cloud.count, degree);
    const int kept = std::min(cloud.channels(), out.channels());
    std::copy_n(cloud.values.begin(), cloud.count * std::size_t(kept), out.values.begin());
    return out;
}

}  // namespace volumen
