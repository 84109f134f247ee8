// Frames as programs that train each by itself leave them.
#pragma once

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen {

inline std::vector<std::size_t> random_order(std::size_t count, unsigned seed) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::mt19937 random(seed);
    std::shuffle(order.begin(), order.end(), random);
    return order;
}

inline SplatCloud shuffled(const SplatCloud& cloud, unsigned seed) {
    return gather(cloud, random_order(cloud.count, seed));
}

}  // namespace volumen
