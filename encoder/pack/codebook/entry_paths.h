// Which entry of a codebook each splat uses at each frame.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "encoder/pack/codebook/splat_history.h"

namespace volumen {

/// One splat after another, as SplatHistory has its vectors.
struct Paths {
    std::vector<std::uint32_t> indices;
    std::vector<float> squared;  ///< distances
    double change_share = 0;
};

/// Each splat's best path through the entries (count × dimensions) where a change of entry costs
/// `change_cost`, among those nearest to its vectors and to their weighted means over 2, 4, 8, … frames;
/// where changes cost nothing, each vector's nearest entry. `out.indices` may hold an earlier result, else
/// zeros; it and `out.squared` are as long as there are vectors. Threaded.
void choose_paths(const SplatHistory& history, std::span<const float> entries, double change_cost,
                  Paths& out);

/// The least price at which at most `share` (0 to 1) of a sample's indices change from frame to frame,
/// nearly: by bisection, for the number of changes falls with the price. Threaded.
double price_for(const SplatHistory& history, std::span<const float> entries, double share);

}  // namespace volumen
