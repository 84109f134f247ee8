// Where one looks from.
#pragma once

#include <cmath>

#include "formats/core/camera.h"

namespace volumen {

/// Of a picture, in pixels.
struct ViewSize {
    int width = 1, height = 1;
    bool operator==(const ViewSize&) const = default;
};

/// A camera before it has a size.
struct Viewpoint {
    glm::vec3 eye{0, -3, 1}, target{0, 0, 1}, up{0, 0, 1};
    float fov = 0.7f;  ///< radians, vertical; in a picture higher than wide: horizontal

    /// In a picture higher than wide the performer would not fit by the height's field of view.
    float vertical_fov(ViewSize size) const {
        if (size.width >= size.height) return fov;
        return 2 * std::atan(std::tan(0.5f * fov) * float(size.height) / float(size.width));
    }
    Camera camera(ViewSize size) const {
        return Camera::look_at(eye, target, up, vertical_fov(size), size.width, size.height);
    }
};

}  // namespace volumen
