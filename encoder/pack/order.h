// In which order splats lie in the atlas.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen {

/// The order of a segment's splats: entry i is the index, in `frames`, of the splat that becomes splat i of
/// the stream. Every index once. The picture that a plane shows (blocks of 8 × 8, `blocks_per_row` a row, the
/// last row and block perhaps partly filled) is halved again and again, and the splats with it, along the
/// feature in which they differ most: neighbours in the picture are neighbours in space, and move alike. An
/// order that is about as good already is kept.
std::vector<std::size_t> order_splats(std::span<const SplatCloud> frames, std::uint32_t blocks_per_row);

}  // namespace volumen
