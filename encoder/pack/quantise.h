// Splats -> atlas pictures and exact offsets.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "encoder/pack/atlas.h"
#include "encoder/pack/quality.h"
#include "formats/splats/cloud.h"
#include "formats/stream/frame.h"

namespace volumen {

struct QuantisedSegment {
    std::shared_ptr<SegmentLayout> layout;
    std::vector<std::int32_t> position_offset;    ///< frames × blocks × 3
    std::vector<std::vector<std::uint8_t>> luma;  ///< one picture a frame
};

/// `frames`: all of a segment's, ordered for the stream, rotations canonical. `extent`: the take's largest
/// side, scene units. Values are finite.
QuantisedSegment quantise(std::span<const SplatCloud> frames, int first_frame, float extent,
                          const AtlasShape& atlas, const PlaneSteps& steps);

}  // namespace volumen
