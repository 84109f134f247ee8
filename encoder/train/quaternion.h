// What gradients need of quaternions.
#pragma once

#include "formats/splats/quaternion.h"

namespace volumen::train {

/// d loss / d q, given d loss / d rotation_matrix(q) (d[column][row]).
inline Quaternion rotation_gradient(Quaternion q, const glm::mat3& d) {
    const float inverse = glm::inversesqrt(glm::dot(q, q));
    q *= inverse;
    const float w = q[0], x = q[1], y = q[2], z = q[3];
    const Quaternion g(2 * (x * (d[1][2] - d[2][1]) + y * (d[2][0] - d[0][2]) + z * (d[0][1] - d[1][0])),
                       2 * (y * (d[0][1] + d[1][0]) + z * (d[0][2] + d[2][0]) + w * (d[1][2] - d[2][1]) -
                            2 * x * (d[1][1] + d[2][2])),
                       2 * (x * (d[0][1] + d[1][0]) + z * (d[1][2] + d[2][1]) + w * (d[2][0] - d[0][2]) -
                            2 * y * (d[0][0] + d[2][2])),
                       2 * (x * (d[0][2] + d[2][0]) + y * (d[1][2] + d[2][1]) + w * (d[0][1] - d[1][0]) -
                            2 * z * (d[0][0] + d[1][1])));
    return (g - q * glm::dot(g, q)) * inverse;
}

}  // namespace volumen::train
