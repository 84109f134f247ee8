// What the atlas' planes (formats/stream/frame.h) code of a splat: FORMAT.md, section 7.1, backwards.
#pragma once

#include "encoder/pack/quality.h"
#include "formats/stream/frame.h"

namespace volumen {

/// The value of splat i that a plane codes: position in scene units, rotation x y z as it is in the cloud,
/// log-scale, alpha, or an SH coefficient's Y, Co or Cg.
float coded_value(const SplatCloud& cloud, int plane, std::size_t i);

/// Units per luma level of a plane after the positions', at least.
float least_step(int plane, const PlaneSteps& steps);

/// How fine a stream's segment is coded: `position` in scene units, the others as in PlaneSteps. What has too
/// wide a range for 256 levels may be coarser.
PlaneSteps steps_of(const SegmentLayout& layout);

}  // namespace volumen
