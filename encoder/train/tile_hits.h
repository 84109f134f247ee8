// Which tiles and blocks an ellipse meets. Part of the rasteriser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "encoder/train/projection.h"

namespace volumen::train {

/// Tiles are 32 × 32 pixels, of 8 × 8 blocks of 4 × 4: a block is what one widest vector holds.
inline constexpr int kTileSide = 32, kBlockSide = 4, kTilePixels = kTileSide * kTileSide;
inline constexpr int kBlocksPerSide = kTileSide / kBlockSide;

/// A set of blocks of a tile: bit kBlocksPerSide * row + column.
using BlockMask = std::uint64_t;
static_assert(kBlocksPerSide * kBlocksPerSide <= 64);

struct TileGrid {
    int width = 0, height = 0;  ///< of the image, pixels
    int columns = 0, rows = 0;  ///< of tiles

    TileGrid() = default;
    TileGrid(int w, int h)
        : width(w),
          height(h),
          columns((w + kTileSide - 1) / kTileSide),
          rows((h + kTileSide - 1) / kTileSide) {}
    std::size_t tiles() const { return std::size_t(columns) * rows; }
    bool operator==(const TileGrid&) const = default;
};

/// A splat's ellipse meets a tile in the blocks of `blocks`.
struct TileHit {
    std::uint32_t tile;
    BlockMask blocks;
};

/// Finds the hits of the `count` splats of a run: those of splat i are hits[begin[i]] to hits[begin[i + 1]],
/// and begin has kProjectionRun + 1 values (those past `count` close the list). `hits` only ever grows; what
/// lies past the last begin means nothing.
void find_hits(const TileGrid& grid, const ScreenSplat* screen, std::size_t count,
               const Footprints& footprints, std::uint32_t* begin, std::vector<TileHit>& hits);

}  // namespace volumen::train
