// The blend loops of the rasteriser: one tile forward, one tile backward.
#pragma once

#include <cstdint>
#include <span>

#include "encoder/train/binning.h"
#include "formats/core/image.h"

namespace volumen::train {

/// What forward leaves behind of a tile for backward. Pixels stand block after block, each block row by row.
struct TileState {
    alignas(64) float transmittance[kTilePixels];  ///< at the end; 0 outside the image
    alignas(64) std::int32_t stop[kTilePixels];    ///< entries from here on were not blended
};

/// One tile's work. Entries are front to back; forward clears from their blocks those that it did not blend.
struct TileJob {
    std::span<TileEntry> entries;
    int x, y;           ///< top left pixel
    int width, height;  ///< of the part inside the image
    const float* background;
    TileState* state;
};

/// Writes colour and coverage of the tile's pixels.
void blend_tile(const TileJob& job, PlanarImage& image, float* alpha);

/// Floats of the sums of one entry: those of ScreenSums, in that order.
inline constexpr std::size_t kEntrySums = ScreenSums::kCount;

/// Given d loss / d image and d loss / d coverage (null: none), writes the sums of every entry over this
/// tile's pixels, kEntrySums floats each.
void blend_tile_backward(const TileJob& job, const PlanarImage& d_image, const float* d_alpha, float* sums);

}  // namespace volumen::train
