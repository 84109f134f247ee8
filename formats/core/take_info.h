// What is true of a whole take, whatever its coding.
#pragma once

#include <glm/glm.hpp>

namespace volumen {

/// A frame rate as an exact fraction: 30000/1001 is not 29.97.
struct FrameRate {
    int numerator = 30, denominator = 1;
    double value() const { return double(numerator) / denominator; }
};

/// Take metadata: see FORMAT.md, "Take". Lengths are in scene units unless said otherwise.
struct TakeInfo {
    FrameRate fps;
    double metres_per_unit = 1;
    glm::vec3 up{0, 0, 1};                               ///< unit vector, away from the ground
    float floor = 0;                                     ///< height of the ground along `up`
    glm::vec3 bounds_min{-1}, bounds_max{1};             ///< of the performer over all frames
    glm::vec3 view_eye{0, -3, 1}, view_target{0, 0, 1};  ///< the default view
    float view_fov = 0.7f;    ///< vertical field of view of the default view, radians
    glm::vec3 background{1};  ///< what stands behind the splats, display-referred
};

}  // namespace volumen
