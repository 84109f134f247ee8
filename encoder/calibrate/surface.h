// Points on the subject's surface, who sees them, and what the views' colours of them say about exposure.
#pragma once

#include "encoder/calibrate/samples.h"

namespace volumen {

struct SurfacePoint {
    glm::vec3 position, normal, colour;  ///< colour: the mean of the views that see it
    int seen_by = 0;                     ///< views that see it, not from behind and not behind something else
};

struct Sighting {
    std::uint32_t point;
    std::uint16_t view;  ///< of the samples
    glm::vec3 colour;    ///< [0, 1]
};

struct Surface {
    std::vector<SurfacePoint> points;
    std::vector<Sighting> sightings;  ///< of points well inside a mask, and not clipped
};

/// Of the hull of one frame of the stretch. `tolerance`: as VoteHull's. Without masks: empty.
Surface surface_of(const Samples& samples, int frame, const std::vector<int>& offsets, int tolerance);

/// Per view of the samples its red, green and blue in proportion to what the others see in the same places:
/// medians, the median over the views is 1. Views with too few sightings have none (NaN).
std::vector<glm::vec3> view_gains(const Surface& surface, std::size_t views);

}  // namespace volumen
