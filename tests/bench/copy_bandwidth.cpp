#include "tests/bench/copy_bandwidth.h"

#include <algorithm>
#include <vector>

#include "shaders/gpu/frame_log.h"
#include "shaders/gpu/memory.h"

namespace volumen::bench {

namespace {
/// As much as every device lets a storage buffer have, and more than the caches of most.
constexpr std::uint64_t kBytes = 128u << 20;
constexpr int kWarmUp = 1, kRounds = 4;  // of a copy between any two marks each
}  // namespace

double measure_copy_bandwidth(gpu::Device& device) {
    const gpu::Buffer from(device, kBytes, gpu::Residence::device, "what is copied"),
        to(device, kBytes, gpu::Residence::device, "the copy");
    // Memory that nothing was written to may not exist yet.
    device.run([&](VkCommandBuffer commands) {
        vkCmdFillBuffer(commands, from.handle, 0, VK_WHOLE_SIZE, 0x3f800000);
        gpu::barrier(commands);
    });
    gpu::FrameLog log(device);
    std::vector<double> milliseconds;
    for (int round = 0; round < kWarmUp + kRounds; ++round) {
        device.run([&](VkCommandBuffer commands) {
            log.begin(commands, 0);
            for (std::uint32_t mark = 1; mark < gpu::FrameLog::kMarks; ++mark) {
                const VkBufferCopy all{0, 0, kBytes};
                vkCmdCopyBuffer(commands, from.handle, to.handle, 1, &all);
                gpu::barrier(commands);
                log.mark(commands, mark);
            }
            log.end(commands, to);
        });
        const auto finished = log.poll();
        if (round >= kWarmUp && finished)
            milliseconds.insert(milliseconds.end(), finished->milliseconds.begin(),
                                finished->milliseconds.end());
    }
    const auto middle = milliseconds.begin() + std::ptrdiff_t(milliseconds.size() / 2);
    std::nth_element(milliseconds.begin(), middle, milliseconds.end());
    return middle != milliseconds.end() && *middle > 0 ? 2 * double(kBytes) / (*middle * 1e-3) : 0;
}

}  // namespace volumen::bench
