// Splats that some frames of a segment have not.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen {

/// Splat i of the result is splat places[i] of `file`; where that is kNoPartner all its values are 0.
SplatCloud take_places(const SplatCloud& file, std::span<const std::uint32_t> places);

/// Gives splats values in the frames where they are absent (`places`, frames × splats, has kNoPartner): those
/// they have in the nearest earlier frame, or else later one, invisible, moved like the nearest splat that is
/// present. Every splat is present in at least one frame.
void fill_absent(std::span<SplatCloud> frames, std::span<const std::uint32_t> places);

}  // namespace volumen
