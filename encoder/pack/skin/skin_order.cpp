#include "encoder/pack/skin/skin_order.h"

#include <algorithm>
#include <numeric>

#include "encoder/neighbours.h"

namespace volumen {

namespace {

constexpr int kMortonBits = 21;

/// Every third bit of the result is one of `v`.
std::uint64_t spread(std::uint64_t v) {
    std::uint64_t out = 0;
    for (int bit = 0; bit < kMortonBits; ++bit) out |= (v >> bit & 1) << (3 * bit);
    return out;
}

}  // namespace

std::vector<std::size_t> morton_order(std::span<const glm::vec3> points) {
    glm::vec3 low(INFINITY), high(-INFINITY);
    for (const glm::vec3& p : points) low = glm::min(low, p), high = glm::max(high, p);
    const glm::vec3 size = high - low;
    const float longest = std::max({size.x, size.y, size.z, 1e-20f});
    std::vector<std::uint64_t> code(points.size());
    for (std::size_t i = 0; i < points.size(); ++i)
        for (int a = 0; a < 3; ++a)
            code[i] |= spread(std::uint64_t((points[i][a] - low[a]) / longest * ((1 << kMortonBits) - 1)))
                       << a;
    std::vector<std::size_t> order(points.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::ranges::sort(
        order, [&](std::size_t a, std::size_t b) { return code[a] != code[b] ? code[a] < code[b] : a < b; });
    return order;
}

OwnedOrder order_by_joint(std::span<const glm::vec3> splats, std::span<const glm::vec3> joints) {
    OwnedOrder out;
    const Neighbours owner = nearest(joints, splats, 1, false);
    out.order = morton_order(splats);
    std::ranges::stable_sort(
        out.order, [&](std::size_t a, std::size_t b) { return owner.indices[a] < owner.indices[b]; });
    out.owned.assign(joints.size(), 0);
    for (const std::uint32_t joint : owner.indices) ++out.owned[joint];
    return out;
}

}  // namespace volumen
