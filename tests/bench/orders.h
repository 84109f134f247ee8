// Orders of splats in the atlas, other than the product's, to measure it against.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen::bench {

/// As order_splats(). Along a Morton curve of 21 bits an axis through the first frame's positions; blocks
/// follow each other along another one in the picture, and splats inside a block too.
std::vector<std::size_t> morton_order(std::span<const SplatCloud> frames);

/// `start`, self-organised: in rounds, splats of random groups of four places change places wherever that
/// lowers their distance to a picture of the features that is blurred less and less (parallel linear
/// assignment sorting, after Morgenstern et al. 2023). `colour`: what a difference of 1 in the base colour
/// counts, share of the cloud's extent.
std::vector<std::size_t> self_organised_order(std::span<const SplatCloud> frames,
                                              std::uint32_t blocks_per_row,
                                              const std::vector<std::size_t>& start, float colour);

}  // namespace volumen::bench
