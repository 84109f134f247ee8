// Where a take's splats are.
#pragma once

#include <cmath>

#include "formats/core/take_info.h"
#include "formats/splats/cloud.h"

namespace volumen::train {

/// Bounds of the opaque splats of all frames, without the farthest thousandth on each side of each axis.
struct Bounds {
    glm::vec3 low{INFINITY}, high{-INFINITY};

    void add(const SplatCloud& cloud);
    /// Writes bounds and floor: the ground is where the performer's lowest point along `up` was. Leaves both
    /// as they are where no splat was opaque.
    void apply(TakeInfo& take) const;
};

}  // namespace volumen::train
