// Motion seen in planes through two cameras: a measure of simultaneity that needs no masks.
#pragma once

#include "encoder/calibrate/samples.h"

namespace volumen {

/// The correlations of one pair of views, by how much later the second is than the first.
struct PairCurve {
    std::size_t first = 0, second = 0;  ///< views of the samples
    std::vector<double> correlation;    ///< of -range, …, range frames; NaN: cannot be told
};

/// For each view its pairs with the views nearest in direction.
std::vector<PairCurve> motion_pairs(const Samples& samples, int range);

}  // namespace volumen
