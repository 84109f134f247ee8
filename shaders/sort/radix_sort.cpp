#include "shaders/sort/radix_sort.h"

#include <algorithm>

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kCountCode[] =
#include "sort/count.comp.inc"
    ;
constexpr std::uint32_t kScatterCode[] =
#include "sort/scatter.comp.inc"
    ;

/// Chunks of a pass: enough to keep the device busy …
constexpr std::uint32_t kSoftwareChunks = 32, kLeastChunks = 64, kMostChunks = 512;
/// … and, of few keys, no more than keep the table smaller than they are.
constexpr std::uint32_t kKeysPerChunk = 8 * kRadix;
/// llvmpipe leaves a shader's loops, silently, after 65,535 rounds; a subgroup of 4 handles this many in
/// 16,384.
constexpr std::uint32_t kMostKeysPerChunk = 65'536;
}  // namespace

RadixSort::RadixSort(Device& device)
    : device_(device),
      count_(device, {.code = kCountCode,
                      .bindings = storage_buffers(3),
                      .constants_bytes = sizeof(SortConstants),
                      .specialisation = {device.subgroup_size}}),
      scatter_(device, {.code = kScatterCode,
                        .bindings = storage_buffers(6),
                        .constants_bytes = sizeof(SortConstants),
                        .specialisation = {device.subgroup_size}}),
      scan_(device) {
    reserve(1);
}

std::uint32_t RadixSort::passes(std::uint32_t bits) {
    return (bits + kRadixBits - 1) / kRadixBits;
}

void RadixSort::reserve(std::uint32_t count) {
    const std::uint64_t bytes = std::uint64_t(count) * sizeof(std::uint32_t);
    if (keys_[0].handle && bytes <= keys_[0].bytes) return;
    forget_bindings();
    const std::uint32_t wanted =
        device_.software ? kSoftwareChunks : std::clamp(count / kKeysPerChunk, kLeastChunks, kMostChunks);
    chunks_ = std::max(wanted, count / kMostKeysPerChunk + 1);
    scan_.reserve(kRadix * chunks_);
    table_ = {};
    table_ = Buffer(device_, std::uint64_t(kRadix) * chunks_ * sizeof(std::uint32_t), Residence::device,
                    "the sort's table");
    for (Buffer* buffer : {&keys_[0], &keys_[1], &values_[0], &values_[1]}) {
        *buffer = {};
        *buffer = Buffer(device_, bytes, Residence::device, "sorting");
    }
}

void RadixSort::record(VkCommandBuffer commands, std::uint32_t count, std::uint32_t bits,
                       const Buffer& counters) {
    for (std::uint32_t pass = 0; pass < passes(bits); ++pass) {
        const std::uint32_t from = pass % 2, to = 1 - from;
        const SortConstants constants{count, pass * kRadixBits, pass == 0, chunks_, bits};
        count_.launch(commands, {keys_[from], table_, counters}, constants, chunks_);
        barrier(commands);
        // The first sum is the number of keys kept; the later ones find the same.
        scan_.record(commands, table_, kRadix * chunks_, counters, kCounterVisible);
        barrier(commands);
        scatter_.launch(commands, {keys_[from], table_, counters, values_[from], keys_[to], values_[to]},
                        constants, chunks_);
        barrier(commands);
    }
}

void RadixSort::forget_bindings() {
    count_.forget_bindings();
    scatter_.forget_bindings();
    scan_.forget_bindings();
}

}  // namespace volumen::gpu
