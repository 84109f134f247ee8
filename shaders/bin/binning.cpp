#include "shaders/bin/binning.h"

#include <algorithm>

#include "formats/core/error.h"

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kCountCode[] =
#include "bin/count.comp.inc"
    ;
constexpr std::uint32_t kColumnsCode[] =
#include "bin/columns.comp.inc"
    ;
constexpr std::uint32_t kEmitCode[] =
#include "bin/emit.comp.inc"
    ;

/// Chunks of the depth order: enough to keep the device busy. The table has a row for each.
constexpr std::uint32_t kSoftwareChunks = 32, kHardwareChunks = 512;
constexpr std::uint64_t kTableBytes = 64u << 20;  ///< at most, at the cost of fewer chunks
}  // namespace

Binning::Binning(Device& device)
    : device_(device),
      count_(device, {.code = kCountCode,
                      .bindings = storage_buffers(6),
                      .constants_bytes = sizeof(BinConstants),
                      .specialisation = {device.subgroup_size}}),
      sums_(device, {.code = kColumnsCode,
                     .bindings = storage_buffers(2),
                     .constants_bytes = sizeof(BinConstants),
                     .specialisation = {device.subgroup_size, 0}}),
      offsets_(device, {.code = kColumnsCode,
                        .bindings = storage_buffers(2),
                        .constants_bytes = sizeof(BinConstants),
                        .specialisation = {device.subgroup_size, 1}}),
      emit_(device, {.code = kEmitCode,
                     .bindings = storage_buffers(7),
                     .constants_bytes = sizeof(BinConstants),
                     .specialisation = {device.subgroup_size}}),
      scan_(device) {}

std::uint32_t Binning::largest_capacity() const {
    return device_.limits.maxStorageBufferRange / sizeof(std::uint32_t);
}

void Binning::reserve(std::uint32_t across, std::uint32_t down, std::uint32_t capacity) {
    if (across == across_ && down == down_ && capacity <= capacity_) return;
    forget_bindings();
    if (across != across_ || down != down_) {
        const std::uint64_t row = std::uint64_t(across) * down * sizeof(std::uint32_t);
        chunks_ = device_.software ? kSoftwareChunks : kHardwareChunks;
        chunks_ = std::uint32_t(std::clamp<std::uint64_t>(kTableBytes / row, 1, chunks_));
        table_ = {}, starts_ = {};
        table_ = Buffer(device_, row * chunks_, Residence::device, "the table of tiles");
        starts_ = Buffer(device_, row + sizeof(std::uint32_t), Residence::device, "the table of tiles");
        across_ = across, down_ = down;
    }
    if (capacity > capacity_) {
        capacity_ = 0, entries_ = {};
        entries_ = Buffer(device_, std::uint64_t(capacity) * sizeof(std::uint32_t), Residence::device,
                          "the splats of each tile");
        capacity_ = capacity;
    }
}

void Binning::record(VkCommandBuffer commands, const Buffer& order, const Buffer& ellipses,
                     const Buffer& looks, const Buffer& rects, const Buffer& counters) {
    const std::uint32_t tiles = across_ * down_;
    const std::uint32_t columns = (tiles + device_.subgroup_size - 1) / device_.subgroup_size;
    const BinConstants constants{{across_, down_}, chunks_, capacity_};
    vkCmdFillBuffer(commands, table_.handle, 0, VK_WHOLE_SIZE, 0);
    vkCmdFillBuffer(commands, starts_.handle, 0, VK_WHOLE_SIZE, 0);
    barrier(commands);
    count_.launch(commands, {order, ellipses, looks, rects, counters, table_}, constants, chunks_);
    barrier(commands);
    sums_.launch(commands, {table_, starts_}, constants, columns);
    barrier(commands);
    scan_.record(commands, starts_, tiles + 1, counters, kCounterEntries);
    barrier(commands);
    offsets_.launch(commands, {table_, starts_}, constants, columns);
    barrier(commands);
    emit_.launch(commands, {order, ellipses, looks, rects, counters, table_, entries_}, constants, chunks_);
    barrier(commands);
}

void Binning::forget_bindings() {
    for (Kernel* kernel : {&count_, &sums_, &offsets_, &emit_}) kernel->forget_bindings();
    scan_.forget_bindings();
}

}  // namespace volumen::gpu
