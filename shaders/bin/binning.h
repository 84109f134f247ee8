// From splats in order of depth to lists of splats by tile, each in that order.
#pragma once

#include "shaders/scan/scan.h"

namespace volumen::gpu {

/// A counting sort by tile of all splat × tile pairs: every chunk of the depth order counts its splats in
/// every tile, sums over chunks and tiles give the places, and a second walk writes the entries.
class Binning {
  public:
    explicit Binning(Device& device);

    /// Makes room for an image of so many tiles and so many entries. Nothing may be in flight.
    void reserve(std::uint32_t tiles_across, std::uint32_t tiles_down, std::uint32_t capacity);
    std::uint32_t capacity() const { return capacity_; }
    /// The most entries that the device's buffers can hold.
    std::uint32_t largest_capacity() const;

    /// Records the binning of the first counters[kCounterVisible] splats of `order`; the number of entries
    /// goes to counters[kCounterEntries], and entries beyond the capacity are left out.
    void record(VkCommandBuffer commands, const Buffer& order, const Buffer& ellipses, const Buffer& looks,
                const Buffer& rects, const Buffer& counters);

    /// The entries of tile t are entries()[starts()[t]] to entries()[starts()[t + 1] - 1].
    const Buffer& starts() const { return starts_; }
    const Buffer& entries() const { return entries_; }
    void forget_bindings();

  private:
    Device& device_;
    Kernel count_, sums_, offsets_, emit_;
    Scan scan_;
    Buffer table_, starts_, entries_;
    std::uint32_t across_ = 0, down_ = 0, chunks_ = 0, capacity_ = 0;
};

}  // namespace volumen::gpu
