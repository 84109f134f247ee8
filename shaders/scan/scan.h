// Exclusive prefix sum of 32-bit words.
#pragma once

#include "shaders/gpu/kernel.h"
#include "shaders/shared.h"

namespace volumen::gpu {

/// One work group walks the array: meant for tables of up to some hundred thousand words, not for the splats.
class Scan {
  public:
    explicit Scan(Device& device);

    /// Records: data[i] becomes data[0] + … + data[i - 1] for i in [0, count), and counters[total] the sum of
    /// all, or 0xffffffff where that is more than 32 bits hold (the sums then wrap).
    void record(VkCommandBuffer commands, const Buffer& data, std::uint32_t count, const Buffer& counters,
                std::uint32_t total);
    void forget_bindings() { kernel_.forget_bindings(); }

  private:
    Kernel kernel_;
};

}  // namespace volumen::gpu
