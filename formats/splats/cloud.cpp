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

SplatCloud joined(const SplatCloud& first, const SplatCloud& second) {
    const SplatCloud behind = with_sh_degree(second, first.sh_degree);
    SplatCloud out(first.count + behind.count, first.sh_degree);
    for (int c = 0; c < out.channels(); ++c) {
        const auto at = std::ranges::copy(first.channel(c), out.channel(c).begin()).out;
        std::ranges::copy(behind.channel(c), at);
    }
    return out;
}

}  // namespace volumen
