// Where the attribute planes lie in the atlas.
#pragma once

#include <cstdint>
#include <vector>

#include "encoder/pack/track_limits.h"
#include "formats/core/take_info.h"
#include "formats/stream/limits.h"

namespace volumen {

/// H.264 level 5.1, which has 983,040 macroblocks a second.
inline constexpr TrackLimits kEveryDecoder{kMaxAtlasWidth, kMaxAtlasHeight, 983040.0 * 256};

/// The pictures of all tracks, alike in size, one below the other.
struct AtlasShape {
    int width = 0, height = 0;  ///< of all together
    int tracks = 1;
    std::uint32_t blocks_per_row = 0;
    std::vector<std::uint16_t> plane_x, plane_y;  ///< one a plane, which lies in one track

    int picture_height() const { return height / tracks; }
};

/// The smallest atlas that holds `splats` at `sh_degree` in as few tracks as possible, each of which every
/// hardware decoder takes. Planes start on macroblocks. Throws InputError naming the largest count that fits.
AtlasShape fit_atlas(std::size_t splats, int sh_degree, FrameRate fps,
                     const TrackLimits& limits = kEveryDecoder);

}  // namespace volumen
