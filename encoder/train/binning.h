// Which splats touch which tiles, in depth order. Part of the rasteriser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "encoder/train/tile_hits.h"

namespace volumen::train {

/// Entry of a tile's list: what the blend loops need of a splat, and its blocks of the tile. Copied, so that
/// they read straight on.
struct TileEntry {
    float x, y, a, b, c, log2_opacity, colour[3];  ///< as in ScreenSplat
    std::uint32_t unused;
    BlockMask blocks;
};
static_assert(sizeof(TileEntry) == 48);

/// The lists of all tiles, front to back. Keeps its memory from call to call.
class TileLists {
  public:
    /// Starts a new image. Its splats fall into parts, each to be added by one thread.
    void begin(TileGrid grid, std::size_t splats);
    std::size_t parts() const { return parts_; }
    /// First and last + 1 splat of a part; the first is a multiple of kProjectionRun.
    std::pair<std::size_t, std::size_t> part(std::size_t index) const;
    /// Adds the splats [first, first + count) of one run, at most to the end of its part.
    void add_run(std::size_t part, std::size_t first, std::size_t count, const ScreenSplat* screen,
                 const Footprints& footprints);
    /// After all runs: makes the lists and sorts each by depth (ties by index).
    void finish(const ScreenSplat* screen);

    /// Whether a splat of an added run meets any tile.
    bool touches_any(std::size_t splat) const {
        const Run& run = runs_[splat / kProjectionRun];
        const std::size_t i = splat % kProjectionRun;
        return run.begin[i] < run.begin[i + 1];
    }
    std::span<const TileEntry> entries() const { return sorted_; }
    std::span<TileEntry> tile(std::size_t index) {
        return {sorted_.data() + tile_begin_[index], tile_begin_[index + 1] - tile_begin_[index]};
    }
    /// Tiles that have entries, the longest lists first.
    std::span<const std::uint32_t> occupied() const { return occupied_; }
    /// Where in entries() a splat's are, in the order of its tiles.
    std::span<const std::uint32_t> places(std::size_t splat) const {
        const Run& run = runs_[splat / kProjectionRun];
        const std::size_t i = splat % kProjectionRun;
        return {places_.data() + run.base + run.begin[i], run.begin[i + 1] - run.begin[i]};
    }

  private:
    struct Run {
        std::uint32_t base = 0;                   ///< number of the run's first hit in the cloud
        std::uint32_t begin[kProjectionRun + 1];  ///< first hit of each splat, in `hits`
        std::vector<TileHit> hits;
    };
    /// A hit in its tile: numbers of splat and hit in the cloud.
    struct Unsorted {
        std::uint32_t splat, hit;
        BlockMask blocks;
    };
    /// A depth as an integer of the same order, and a place in the unsorted list.
    struct Key {
        std::uint32_t depth, place;
    };
    void place_lists();
    void scatter_part(std::size_t part, const ScreenSplat* screen);
    void sort_tile(std::size_t tile, const ScreenSplat* screen);

    TileGrid grid_;
    std::size_t splats_ = 0, parts_ = 0;
    std::vector<Run> runs_;
    std::vector<std::uint32_t> counts_;  ///< hits of each part in each tile, then where they go
    std::vector<std::uint32_t> tile_begin_, occupied_;
    // Tile by tile; the unsorted in the order of splats.
    std::vector<Unsorted> unsorted_;
    std::vector<Key> keys_, other_keys_;
    std::vector<TileEntry> sorted_;
    std::vector<std::uint32_t> places_;  ///< of each hit of the cloud, in sorted_
};

}  // namespace volumen::train
