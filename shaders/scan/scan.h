// Exclusive prefix sum of 32-bit words.
#pragma once

#include "shaders/gpu/kernel.h"
#include "shaders/shared.h"

namespace volumen::gpu {

/// A short array is walked by one work group; of a long one, every group sums a block, one sums the sums, and
/// every group walks its block.
class Scan {
  public:
    explicit Scan(Device& device);

    /// Words that one work group walks alone: launches cost more than its rounds.
    static constexpr std::uint32_t kAlone = 4 * kScanBlock;

    /// Makes room for arrays of so many words. Nothing may be in flight.
    void reserve(std::uint32_t count);
    /// Records: data[i] becomes data[0] + … + data[i - 1] for i in [0, count), and counters[total] the sum of
    /// all, or 0xffffffff where that is more than 32 bits hold (the sums then wrap).
    void record(VkCommandBuffer commands, const Buffer& data, std::uint32_t count, const Buffer& counters,
                std::uint32_t total);
    void forget_bindings();

  private:
    Device& device_;
    Kernel alone_, sums_kernel_, blocks_;
    Buffer sums_;
};

}  // namespace volumen::gpu
