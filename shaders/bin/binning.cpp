#include "shaders/bin/binning.h"

#include <algorithm>

#include "formats/core/error.h"

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kWeighCode[] =
#include "bin/weigh.comp.inc"
    ;
constexpr std::uint32_t kCountCode[] =
#include "bin/count.comp.inc"
    ;
constexpr std::uint32_t kColumnsCode[] =
#include "bin/columns.comp.inc"
    ;
constexpr std::uint32_t kEmitCode[] =
#include "bin/emit.comp.inc"
    ;

/// Chunks of the depth order: enough to keep the device busy. The table has a row of all tiles for each; of
/// few entries, there are no more chunks than keep the table as small as those are.
constexpr std::uint32_t kSoftwareChunks = 32, kLeastChunks = 64, kMostChunks = 512;
constexpr std::uint64_t kTableBytes = 64u << 20;  ///< at most, where fewer chunks do
/// llvmpipe leaves a shader's loops, silently, after 65,535 rounds of all of them together. A chunk has this
/// many steps (two rounds each at most) and one splat more, which may cover the whole image.
constexpr std::uint32_t kSoftwareChunkWork = 16'384;
constexpr std::uint32_t kSoftwareSplatWork = 40'000;

constexpr std::size_t kEmitBuffers = 7 + kEntryBuffers;

/// Of the device's memory, at most.
constexpr double kEntriesShare = 0.25;

constexpr std::uint64_t kWord = sizeof(std::uint32_t);

KernelParams params(const Device& device, std::span<const std::uint32_t> code, std::size_t buffers,
                    std::vector<std::uint32_t> constants = {}) {
    constants.insert(constants.begin(), device.subgroup_size);
    return {.code = code,
            .bindings = storage_buffers(buffers),
            .constants_bytes = sizeof(BinConstants),
            .specialisation = std::move(constants)};
}
}  // namespace

Binning::Binning(Device& device)
    : device_(device),
      weigh_(device, params(device, kWeighCode, 4)),
      count_(device, params(device, kCountCode, 7)),
      sums_(device, params(device, kColumnsCode, 2, {0})),
      offsets_(device, params(device, kColumnsCode, 2, {1})),
      emit_(device, params(device, kEmitCode, kEmitBuffers, {1})),
      scan_(device) {}

std::uint32_t Binning::chunks_for(const Room& room) const {
    if (device_.software) return std::max(kSoftwareChunks, room.work / kSoftwareChunkWork + 1);
    const std::uint64_t tiles = std::uint64_t(room.tiles_across) * room.tiles_down;
    const std::uint64_t wanted = std::clamp<std::uint64_t>(room.entries / tiles, kLeastChunks, kMostChunks);
    return std::uint32_t(std::clamp<std::uint64_t>(kTableBytes / (tiles * kWord), 1, wanted));
}

Binning::Room Binning::largest_room(std::uint32_t across, std::uint32_t down) const {
    const std::uint64_t words = device_.limits.maxStorageBufferRange / kWord;
    const std::uint64_t rows = words / (std::uint64_t(across) * down);
    const std::uint64_t by_heap = std::uint64_t(kEntriesShare * double(device_.local_heap_bytes())) / kWord;
    const std::uint64_t by_buffers = std::uint64_t(kEntryBuffers) * kEntriesPerBuffer;
    Room room{across, down, 0, std::uint32_t(std::min(by_heap, by_buffers)), 0xfffffffeu};
    if (device_.software)
        room.work = std::uint32_t(std::min<std::uint64_t>((rows - 1) * kSoftwareChunkWork, room.work));
    return room;
}

void Binning::reserve(const Room& wanted) {
    Room next{wanted.tiles_across, wanted.tiles_down, std::max(wanted.splats, room_.splats),
              std::max(wanted.entries, room_.entries), std::max(wanted.work, room_.work)};
    const auto allocate = [&](Buffer& buffer, std::uint64_t words, const char* what) {
        if (buffer.handle && words * kWord <= buffer.bytes) return;
        buffer = {};
        buffer = Buffer(device_, words * kWord, Residence::device, what);
    };
    const std::uint64_t tiles = std::uint64_t(next.tiles_across) * next.tiles_down;
    if (device_.software && tiles / device_.subgroup_size > kSoftwareSplatWork)
        throw InputError(
            "an image of {} x {} pixels is too large for the software device \"{}\": {} pixels fit",
            next.tiles_across * kTileWidth, next.tiles_down * kTileHeight, device_.device_name,
            std::uint64_t(kSoftwareSplatWork) * device_.subgroup_size * kTilePixels);
    forget_bindings();
    chunks_ = chunks_for(next);
    next.work = std::max(next.work, chunks_ * kSoftwareChunkWork);
    if (!device_.software) next.work = 0xfffffffeu;
    room_ = {};
    scan_.reserve(std::max(std::uint32_t(tiles) + 1, next.splats / device_.subgroup_size + 1));
    allocate(works_, next.splats / device_.subgroup_size + 1, "the table of splats");
    allocate(table_, tiles * chunks_, "the table of tiles");
    allocate(starts_, tiles + 1, "the table of tiles");
    for (std::uint64_t b = 0; b < kEntryBuffers; ++b) {
        const std::uint64_t before = b * kEntriesPerBuffer, all = next.entries;
        const std::uint64_t words =
            all > before ? std::min<std::uint64_t>(all - before, kEntriesPerBuffer) : 1;
        allocate(entries_[b], words, "the splats of each tile");
    }
    room_ = next;
}

void Binning::record(VkCommandBuffer commands, const Buffer& order, const Buffer& ellipses,
                     const Buffer& looks, const Buffer& rects, const Buffer& counters) {
    const std::uint32_t lanes = device_.subgroup_size;
    const std::uint32_t tiles = room_.tiles_across * room_.tiles_down;
    const std::uint32_t batches = (room_.splats + lanes - 1) / lanes, columns = (tiles + lanes - 1) / lanes;
    const BinConstants constants{{room_.tiles_across, room_.tiles_down}, chunks_, room_.entries};
    vkCmdFillBuffer(commands, table_.handle, 0, std::uint64_t(tiles) * chunks_ * kWord, 0);
    vkCmdFillBuffer(commands, starts_.handle, 0, VK_WHOLE_SIZE, 0);
    weigh_.launch(commands, {order, rects, counters, works_}, constants, batches);
    barrier(commands);
    scan_.record(commands, works_, batches, counters, kCounterWork);
    barrier(commands);
    count_.launch(commands, {order, ellipses, looks, rects, counters, table_, works_}, constants, chunks_);
    barrier(commands);
    sums_.launch(commands, {table_, starts_}, constants, columns);
    barrier(commands);
    scan_.record(commands, starts_, tiles + 1, counters, kCounterEntries);
    barrier(commands);
    offsets_.launch(commands, {table_, starts_}, constants, columns);
    barrier(commands);
    const bool many = room_.entries > kEntriesPerBuffer;
    if (many && !emit_to_many_)
        emit_to_many_ = std::make_unique<Kernel>(device_, params(device_, kEmitCode, kEmitBuffers, {0}));
    (many ? *emit_to_many_ : emit_)
        .launch(commands,
                {order, ellipses, looks, rects, counters, table_, works_, entries_[0], entries_[1],
                 entries_[2], entries_[3]},
                constants, chunks_);
    barrier(commands);
}

void Binning::forget_bindings() {
    for (Kernel* kernel : {&weigh_, &count_, &sums_, &offsets_, &emit_}) kernel->forget_bindings();
    if (emit_to_many_) emit_to_many_->forget_bindings();
    scan_.forget_bindings();
}

}  // namespace volumen::gpu
