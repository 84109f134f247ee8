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
    /// Starts a new image; `splats` splats will be added, in runs of kProjectionRun.
    void begin(TileGrid grid, std::size_t splats);
    /// Adds the splats [first, first + count) of one run; runs may be added from several threads at once.
    void add_run(std::size_t first, std::size_t count, const ScreenSplat* screen,
                 const Footprints& footprints);
    /// After all runs: sorts by depth (ties by index) and makes the lists.
    void finish(const ScreenSplat* screen);

    /// Whether a splat of an added run meets any tile.
    bool touches_any(std::size_t splat) const {
        const Run& run = runs_[splat / kProjectionRun];
        const std::size_t i = splat % kProjectionRun;
        return run.begin[i] < run.begin[i + 1];
    }
    std::size_t entry_count() const { return entries_.size(); }
    std::span<const TileEntry> entries() const { return entries_; }
    std::span<TileEntry> tile(std::size_t index) {
        return {entries_.data() + tile_begin_[index], tile_begin_[index + 1] - tile_begin_[index]};
    }
    /// Tiles that have entries, the longest lists first.
    std::span<const std::uint32_t> occupied() const { return occupied_; }
    /// The slots of one splat are [slot_begin(i), slot_begin(i + 1)) in its run.
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
    void sort_by_depth(const ScreenSplat* screen);
    void scatter();
    void find_occupied();

    TileGrid grid_;
    std::size_t splats_ = 0;
    std::vector<Run> runs_;
    std::vector<std::uint32_t> order_, keys_, other_order_, other_keys_;
    std::vector<std::uint32_t> counts_;  ///< hits of each part of the order in each tile
    std::vector<TileEntry> entries_;
    std::vector<std::uint32_t> tile_begin_, occupied_;
};

}  // namespace volumen::train
