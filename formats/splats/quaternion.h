// Quaternions wxyz as the splats have them: any length but zero.
#pragma once

#include <glm/glm.hpp>

#include "formats/splats/cloud.h"

namespace volumen {

/// (w, x, y, z) in a vec4's x, y, z, w: the order of the PLY.
using Quaternion = glm::vec4;

inline glm::vec3 position(const SplatCloud& cloud, std::size_t i) {
    return {cloud.channel(SplatCloud::kPosition)[i], cloud.channel(SplatCloud::kPosition + 1)[i],
            cloud.channel(SplatCloud::kPosition + 2)[i]};
}

inline Quaternion rotation(const SplatCloud& cloud, std::size_t i) {
    return {cloud.channel(SplatCloud::kRotation)[i], cloud.channel(SplatCloud::kRotation + 1)[i],
            cloud.channel(SplatCloud::kRotation + 2)[i], cloud.channel(SplatCloud::kRotation + 3)[i]};
}

/// Hamilton product: first b, then a.
inline Quaternion multiply(Quaternion a, Quaternion b) {
    return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
            a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
            a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

inline Quaternion conjugate(Quaternion q) {
    return {q[0], -q[1], -q[2], -q[3]};
}

/// The rotation matrix of q / |q|.
inline glm::mat3 rotation_matrix(Quaternion q) {
    q *= glm::inversesqrt(glm::dot(q, q));
    const float w = q[0], x = q[1], y = q[2], z = q[3];
    // glm is column-major: each line below is a column.
    return {1 - 2 * (y * y + z * z), 2 * (x * y + w * z),     2 * (x * z - w * y),
            2 * (x * y - w * z),     1 - 2 * (x * x + z * z), 2 * (y * z + w * x),
            2 * (x * z + w * y),     2 * (y * z - w * x),     1 - 2 * (x * x + y * y)};
}

}  // namespace volumen
