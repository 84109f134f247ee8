#include "shaders/scan/scan.h"

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kCode[] =
#include "scan/scan.comp.inc"
    ;
}  // namespace

Scan::Scan(Device& device)
    : kernel_(device, {.code = kCode,
                       .bindings = storage_buffers(2),
                       .constants_bytes = sizeof(ScanConstants),
                       .specialisation = {device.subgroup_size}}) {}

void Scan::record(VkCommandBuffer commands, const Buffer& data, std::uint32_t count, const Buffer& counters,
                  std::uint32_t total) {
    kernel_.launch(commands, {data, counters}, ScanConstants{count, total}, 1);
}

}  // namespace volumen::gpu
