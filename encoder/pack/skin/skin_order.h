// In which order joints and skin splats are coded.
#pragma once

#include <cstdint>
#include <glm/glm.hpp>
#include <span>
#include <vector>

namespace volumen {

/// Indices along a Morton curve of 21 bits an axis through the points' box: neighbours mostly follow each
/// other.
std::vector<std::size_t> morton_order(std::span<const glm::vec3> points);

/// Which splats follow which joint.
struct OwnedOrder {
    std::vector<std::size_t> order;    ///< splat by splat: those of joint 0, then those of joint 1, …
    std::vector<std::uint32_t> owned;  ///< a joint: how many
};
/// Each splat belongs to its nearest joint; those of one joint follow their Morton order. There is a joint.
OwnedOrder order_by_joint(std::span<const glm::vec3> splats, std::span<const glm::vec3> joints);

}  // namespace volumen
