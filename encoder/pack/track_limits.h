// What one video of a stream may have.
#pragma once

namespace volumen {

struct TrackLimits {
    int max_width = 0, max_height = 0;
    double max_rate = 0;  ///< samples a second
};

}  // namespace volumen
