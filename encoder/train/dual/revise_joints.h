// Joints for the next segment.
#pragma once

#include <span>

#include "formats/splats/cloud.h"

namespace volumen::train {

/// The last of `history` (the joints over a segment, and at the first frame of the next one), without those
/// on which next to nothing of `skin` hangs there, and with more, up to `most`, between neighbours that moved
/// unlike each other. The first joints of a take are spread evenly; where it bends is known only later.
SplatCloud revise_joints(std::span<const SplatCloud> history, const SplatCloud& skin, std::size_t most);

}  // namespace volumen::train
