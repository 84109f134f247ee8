#include "shaders/gpu/frame_log.h"

#include <algorithm>
#include <cstring>

namespace volumen::gpu {

FrameLog::FrameLog(Device& device) : device_(device) {
    if (device.timestamp_period_ns > 0) {
        VkQueryPoolCreateInfo info{VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
        info.queryType = VK_QUERY_TYPE_TIMESTAMP;
        info.queryCount = kMarks * kSlots;
        check(vkCreateQueryPool(device.handle, &info, nullptr, &queries_), "vkCreateQueryPool");
    }
    const VkEventCreateInfo event_info{VK_STRUCTURE_TYPE_EVENT_CREATE_INFO};
    for (Slot& slot : slots_) {
        check(vkCreateEvent(device.handle, &event_info, nullptr, &slot.done), "vkCreateEvent");
        slot.counters =
            Buffer(device, kWords * sizeof(std::uint32_t), Residence::download, "the frame's counters");
    }
}

FrameLog::~FrameLog() {
    for (Slot& slot : slots_) vkDestroyEvent(device_.handle, slot.done, nullptr);
    if (queries_) vkDestroyQueryPool(device_.handle, queries_, nullptr);
}

void FrameLog::begin(VkCommandBuffer commands, std::uint64_t label) {
    // A free slot, else the oldest: nothing that is still in flight is that old.
    const auto slot = std::min_element(slots_.begin(), slots_.end(),
                                       [](const Slot& a, const Slot& b) { return a.sequence < b.sequence; });
    current_ = std::size_t(slot - slots_.begin());
    slot->label = label;
    slot->sequence = ++sequence_;
    vkResetEvent(device_.handle, slot->done);
    if (queries_) vkResetQueryPool(device_.handle, queries_, std::uint32_t(current_) * kMarks, kMarks);
    mark(commands, 0);
}

void FrameLog::mark(VkCommandBuffer commands, std::uint32_t index) {
    if (queries_)
        vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries_,
                            std::uint32_t(current_) * kMarks + index);
}

void FrameLog::end(VkCommandBuffer commands, const Buffer& counters) {
    const VkBufferCopy copy{0, 0, kWords * sizeof(std::uint32_t)};
    vkCmdCopyBuffer(commands, counters.handle, slots_[current_].counters.handle, 1, &copy);
    barrier(commands, true);
    vkCmdSetEvent(commands, slots_[current_].done, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
}

std::optional<FrameLog::Finished> FrameLog::poll() {
    Slot* oldest = nullptr;
    for (Slot& slot : slots_)
        if (slot.sequence != 0 && (!oldest || slot.sequence < oldest->sequence) &&
            vkGetEventStatus(device_.handle, slot.done) == VK_EVENT_SET)
            oldest = &slot;
    if (!oldest) return std::nullopt;
    const Finished finished = read(std::size_t(oldest - slots_.data()));
    oldest->sequence = 0;
    return finished;
}

FrameLog::Finished FrameLog::read(std::size_t slot) const {
    Finished finished;
    finished.label = slots_[slot].label, finished.number = slots_[slot].sequence;
    std::memcpy(finished.counters.data(), slots_[slot].counters.mapped, sizeof finished.counters);
    std::array<std::uint64_t, kMarks> ticks{};
    if (queries_ &&
        vkGetQueryPoolResults(device_.handle, queries_, std::uint32_t(slot) * kMarks, kMarks, sizeof ticks,
                              ticks.data(), sizeof ticks[0], VK_QUERY_RESULT_64_BIT) == VK_SUCCESS)
        for (std::size_t i = 0; i + 1 < kMarks; ++i)
            finished.milliseconds[i] = double(ticks[i + 1] - ticks[i]) * device_.timestamp_period_ns * 1e-6;
    return finished;
}

}  // namespace volumen::gpu
