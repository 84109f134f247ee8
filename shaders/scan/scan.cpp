#include "shaders/scan/scan.h"

#include <cassert>

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kCode[] =
#include "scan/scan.comp.inc"
    ;

KernelParams params(const Device& device, std::uint32_t part) {
    return {.code = kCode,
            .bindings = storage_buffers(3),
            .constants_bytes = sizeof(ScanConstants),
            .specialisation = {device.subgroup_size, part}};
}

std::uint32_t blocks_of(std::uint32_t count) {
    return (count + kScanBlock - 1) / kScanBlock;
}
}  // namespace

Scan::Scan(Device& device)
    : device_(device),
      alone_(device, params(device, kScanAlone)),
      sums_kernel_(device, params(device, kScanSums)),
      blocks_(device, params(device, kScanBlocks)) {
    reserve(0);
}

void Scan::reserve(std::uint32_t count) {
    const std::uint64_t bytes = std::uint64_t(blocks_of(count)) * sizeof(std::uint32_t);
    if (sums_.handle && bytes <= sums_.bytes) return;
    forget_bindings();
    sums_ = {};
    sums_ = Buffer(device_, bytes, Residence::device, "the sums of blocks");
}

void Scan::record(VkCommandBuffer commands, const Buffer& data, std::uint32_t count, const Buffer& counters,
                  std::uint32_t total) {
    const ScanConstants constants{count, total};
    if (count <= kAlone) {
        alone_.launch(commands, {data, counters, sums_}, constants, 1);
        return;
    }
    const std::uint32_t blocks = blocks_of(count);
    assert(blocks * sizeof(std::uint32_t) <= sums_.bytes);
    sums_kernel_.launch(commands, {data, counters, sums_}, constants, blocks);
    barrier(commands);
    alone_.launch(commands, {sums_, counters, sums_}, ScanConstants{blocks, total}, 1);
    barrier(commands);
    blocks_.launch(commands, {data, counters, sums_}, constants, blocks);
}

void Scan::forget_bindings() {
    alone_.forget_bindings();
    sums_kernel_.forget_bindings();
    blocks_.forget_bindings();
}

}  // namespace volumen::gpu
