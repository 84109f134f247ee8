// From splats in order of depth to lists of splats by tile, each in that order.
#pragma once

#include <memory>

#include "shaders/scan/scan.h"

namespace volumen::gpu {

/// A counting sort by tile of all splat × tile pairs: every chunk of the depth order counts its splats in
/// every tile, sums over chunks and tiles give the places, and a second walk writes the entries.
class Binning {
  public:
    explicit Binning(Device& device);

    /// What the buffers have room for.
    struct Room {
        std::uint32_t tiles_across = 0, tiles_down = 0;
        std::uint32_t splats = 0, entries = 0;
        std::uint32_t work = 0;  ///< kCounterWork; above it a software device leaves loops too early
    };
    /// Makes room for at least so much, and for an image of just so many tiles. Throws InputError where the
    /// device cannot have it. Nothing may be in flight.
    void reserve(const Room& wanted);
    const Room& room() const { return room_; }
    /// The most entries and work that the device can do, for an image of so many tiles.
    Room largest_room(std::uint32_t tiles_across, std::uint32_t tiles_down) const;

    /// Records the binning of the first counters[kCounterVisible] splats of `order`; the number of entries
    /// goes to counters[kCounterEntries], and entries beyond the capacity are left out.
    void record(VkCommandBuffer commands, const Buffer& order, const Buffer& ellipses, const Buffer& looks,
                const Buffer& rects, const Buffer& counters);

    /// The entries of tile t are entries()[starts()[t]] to entries()[starts()[t + 1] - 1].
    const Buffer& starts() const { return starts_; }
    /// kEntriesPerBuffer in each.
    const Buffer (&entries() const)[kEntryBuffers] { return entries_; }
    /// Work groups that count and emit; the table has a row of all tiles for each.
    std::uint32_t chunks() const { return chunks_; }
    void forget_bindings();

  private:
    Device& device_;
    std::uint32_t chunks_for(const Room& room) const;

    Kernel weigh_, count_, sums_, offsets_, emit_;
    std::unique_ptr<Kernel> emit_to_many_;  ///< buffers; made when needed
    Scan scan_;
    Buffer works_, table_, starts_, entries_[kEntryBuffers];
    Room room_;
    std::uint32_t chunks_ = 0;
};

}  // namespace volumen::gpu
