// Stable radix sort of 32-bit keys with 32-bit values, right at any subgroup size.
#pragma once

#include "shaders/scan/scan.h"

namespace volumen::gpu {

/// Sorts the places of keys; keys equal to kDroppedKey are left out.
class RadixSort {
  public:
    explicit RadixSort(Device& device);

    /// Makes room for `count` keys. Nothing may be in flight.
    void reserve(std::uint32_t count);
    /// Where the keys are put before record().
    const Buffer& keys() const { return keys_[0]; }

    /// Records the sort of the first `count` keys by the leading `bits` (1 to 32) of their difference from
    /// the least. `counters` holds the least and the greatest key at kCounterMinKey and kCounterMaxKey, and
    /// receives the number of keys kept at kCounterVisible.
    void record(VkCommandBuffer commands, std::uint32_t count, std::uint32_t bits, const Buffer& counters);
    /// The kept keys' places in ascending order of the keys, once what record() recorded has run; which of
    /// two buffers it is depends on `bits` alone.
    const Buffer& order(std::uint32_t bits) const { return values_[passes(bits) % 2]; }
    /// Work groups of a pass; the table has a word for each of their digits.
    std::uint32_t chunks() const { return chunks_; }

    void forget_bindings();

  private:
    static std::uint32_t passes(std::uint32_t bits);

    Device& device_;
    std::uint32_t chunks_ = 0;
    Kernel count_, scatter_;
    Scan scan_;
    Buffer keys_[2], values_[2], table_;
};

}  // namespace volumen::gpu
