// Splats of segments of joints and skin, made on the device: decoding of the motion, skinning, dequantisation
// and gathering of SH. A played frame costs the processor two launches.
#pragma once

#include <array>
#include <memory>

#include "formats/stream/skin_segment.h"
#include "shaders/skin/motion.h"
#include "shaders/splat_buffers.h"

namespace volumen::gpu {

class Skin {
  public:
    explicit Skin(Device& device);

    /// What record() makes next: a frame of the segment, counted from its first. Where the segment is another
    /// one than before, its tables are uploaded: that waits for the device. Throws InputError where the
    /// segment's parts do not fit together or the device lacks the memory.
    void set_frame(const std::shared_ptr<const SkinSegment>& segment, int frame);
    bool pending() const { return pending_; }
    void cancel() { pending_ = false; }

    /// Records the making of the frame that was set into the first of `splats`, which must have room for it.
    void record(VkCommandBuffer commands, const SplatBuffers& splats);
    void forget_bindings();

  private:
    void set_segment(const std::shared_ptr<const SkinSegment>& segment);
    void make(Buffer& buffer, std::span<const std::byte> bytes, const char* what);
    std::vector<std::uint32_t> table(const SkinSegment& segment) const;
    SkinParameters codebooks(const SkinSegment& segment);

    Device& device_;
    Motion motion_;
    Kernel joints_kernel_;
    std::array<std::unique_ptr<Kernel>, kMaxShDegree + 1> kernels_;  ///< by SH degree, made when needed
    std::shared_ptr<const SkinSegment> segment_;
    Buffer table_, joints_, luma_, entries_, changes_, parameters_;
    int frame_ = 0;
    bool pending_ = false;
};

}  // namespace volumen::gpu
