// Take metadata for splats that come without.
#pragma once

#include <glm/glm.hpp>

#include "formats/core/take_info.h"
#include "formats/splats/cloud.h"

namespace volumen {

/// The box around the bulk of some clouds: strays, which scans have far outside, do not count.
struct Bounds {
    glm::vec3 low{1e30f}, high{-1e30f};
    /// Grows the box; an empty cloud leaves it as it is.
    void add(const SplatCloud& cloud);
};

/// The up axis of splat files, which do not say it: trainers keep the cameras' axes, y down.
inline constexpr glm::vec3 kSplatFileUp{0, -1, 0};

/// A take of 30 frames a second, whose ground is where the box ends below, seen from the front, whole. `up`:
/// along an axis. Bounds to which nothing was added give the default take.
TakeInfo describe_take(const Bounds& bounds, glm::vec3 up);

/// The same take with another up axis, and so another ground and view; all else is kept.
TakeInfo turned(const TakeInfo& take, glm::vec3 up);

}  // namespace volumen
