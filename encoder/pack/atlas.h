// Where the attribute planes lie in the atlas.
#pragma once

#include <cstdint>
#include <vector>

#include "formats/core/take_info.h"

namespace volumen {

struct AtlasShape {
    int width = 0, height = 0;
    std::uint32_t blocks_per_row = 0;
    std::vector<std::uint16_t> plane_x, plane_y;  ///< one a plane
};

/// The smallest atlas that holds `splats` at `sh_degree` and that every hardware decoder takes. Planes start
/// on macroblocks. Throws InputError naming the largest count that fits.
AtlasShape fit_atlas(std::size_t splats, int sh_degree, FrameRate fps);

}  // namespace volumen
