// Dequantises decoded frames of a stream on the device.
#pragma once

#include <array>
#include <memory>

#include "formats/stream/frame.h"
#include "shaders/gpu/kernel.h"
#include "shaders/splat_buffers.h"

namespace volumen::gpu {

class Reconstruct {
  public:
    explicit Reconstruct(Device& device);
    ~Reconstruct();
    Reconstruct(const Reconstruct&) = delete;
    Reconstruct& operator=(const Reconstruct&) = delete;

    /// Takes a frame's bytes into mapped memory; a frame that was set before and not recorded is forgotten.
    /// Waits for the device only where it is several frames behind, or where the segment changes. Throws
    /// InputError where a size, a place or a shift in the frame is beyond its atlas or its format.
    void set_frame(const PackedFrame& frame);
    bool pending() const { return pending_; }
    void cancel() { pending_ = false; }

    /// Records the copies and the reconstruction of the frame that was set into the first of `splats`, which
    /// must have room for it; what is recorded later in the queue sees the result.
    void record(VkCommandBuffer commands, const SplatBuffers& splats);
    void forget_bindings();

  private:
    struct Staging {
        Buffer buffer;
        VkEvent copied = VK_NULL_HANDLE;
        bool recorded = false;
    };
    static constexpr std::size_t kStagings = 3;

    void set_layout(const std::shared_ptr<const SegmentLayout>& layout);
    Staging& free_staging();

    Device& device_;
    std::array<std::unique_ptr<Kernel>, kMaxShDegree + 1> kernels_;  ///< by SH degree, made when needed
    std::array<Staging, kStagings> stagings_;
    std::size_t current_ = 0;
    bool pending_ = false;
    std::shared_ptr<const SegmentLayout> layout_;
    Image atlas_;
    Buffer planes_, shifts_, offsets_;
};

}  // namespace volumen::gpu
