// Which splats touch which tiles, in depth order. Part of the rasteriser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "encoder/train/tile_hits.h"

namespace volumen::train {

/// Entry of a tile's list. `slot` numbers the hits of the whole cloud, splat by splat.
struct TileEntry {
    std::uint32_t splat, slot;
    BlockMask blocks;
};

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
    /// First and last + 1 slot of a splat.
    std::pair<std::uint32_t, std::uint32_t> slots(std::size_t splat) const {
        const Run& run = runs_[splat / kProjectionRun];
        const std::size_t i = splat % kProjectionRun;
        return {run.base + run.begin[i], run.base + run.begin[i + 1]};
    }

  private:
    struct Run {
        std::uint32_t base = 0;                   ///< slot of the run's first hit
        std::uint32_t begin[kProjectionRun + 1];  ///< first hit of each splat, in `hits`
        std::vector<TileHit> hits;
    };
    /// A depth as an integer of the same order, and a place in the tile's list.
    struct Key {
        std::uint32_t depth, place;
    };
    void place_lists();
    void scatter_part(std::size_t part, const ScreenSplat* screen);
    void sort_tile(std::size_t tile);

    TileGrid grid_;
    std::size_t splats_ = 0, parts_ = 0;
    std::vector<Run> runs_;
    std::vector<std::uint32_t> counts_;  ///< hits of each part in each tile, then where they go
    std::vector<std::uint32_t> tile_begin_, occupied_;
    std::vector<TileEntry> entries_, sorted_;  ///< tile by tile; by splat, by depth
    std::vector<Key> keys_, other_keys_;
};

}  // namespace volumen::train
