// Timestamps and a few counters of each frame, read back without ever waiting for the device.
#pragma once

#include <array>
#include <optional>

#include "shaders/gpu/memory.h"

namespace volumen::gpu {

/// Remembers the last few frames that were recorded and hands out what the device has written of each, once
/// it has run. Frames whose commands are never submitted are forgotten.
class FrameLog {
  public:
    static constexpr std::uint32_t kMarks = 5, kWords = 5;

    struct Finished {
        std::array<double, kMarks - 1> milliseconds{};  ///< between marks; 0 without timestamps
        std::array<std::uint32_t, kWords> counters{};
        std::uint64_t label = 0, number = 0;  ///< number: of the begin() calls, from 1
    };

    explicit FrameLog(Device& device);
    ~FrameLog();
    FrameLog(const FrameLog&) = delete;
    FrameLog& operator=(const FrameLog&) = delete;

    /// A frame begins: mark 0. `label` comes back in Finished.
    void begin(VkCommandBuffer commands, std::uint64_t label);
    /// Mark 1 to kMarks - 1, after all that was recorded before.
    void mark(VkCommandBuffer commands, std::uint32_t index);
    /// The frame ends: the first kWords words of `counters` are kept.
    void end(VkCommandBuffer commands, const Buffer& counters);

    /// The oldest frame that has finished and was not handed out yet.
    std::optional<Finished> poll();

  private:
    struct Slot {
        VkEvent done = VK_NULL_HANDLE;
        Buffer counters;
        std::uint64_t label = 0, sequence = 0;  ///< sequence 0: free
    };
    /// More than any window has in flight.
    static constexpr std::size_t kSlots = 6;

    Finished read(std::size_t slot) const;

    Device& device_;
    VkQueryPool queries_ = VK_NULL_HANDLE;
    std::array<Slot, kSlots> slots_;
    std::size_t current_ = 0;
    std::uint64_t sequence_ = 0;
};

}  // namespace volumen::gpu
