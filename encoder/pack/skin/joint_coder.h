// Joints' motion -> integers and chunk.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/core/bytes.h"
#include "formats/splats/cloud.h"
#include "formats/stream/skin_segment.h"

namespace volumen {

/// Fills `joints` of a segment whose grid (origin, grid, joint_shift, turn_step), counts and frames are set,
/// from the joints' clouds, one a frame, in coding order: places, and turns since the first frame as rotation
/// vectors that go on from frame to frame beyond half a turn. A value moves only where it has left its
/// neighbourhood by `dead_zone` steps (half a step: plain rounding): jitter costs nothing. Returns the chunk
/// JNTS; what it decodes to is what is filled in.
Bytes code_joints(std::span<const SplatCloud> frames, float dead_zone, SkinSegment& segment);

}  // namespace volumen
