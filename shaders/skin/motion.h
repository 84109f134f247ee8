// Decodes a segment's joints on the device: rANS, prediction, sums.
#pragma once

#include "formats/stream/skin_segment.h"
#include "shaders/gpu/kernel.h"
#include "shaders/shared.h"

namespace volumen::gpu {

class Motion {
  public:
    explicit Motion(Device& device);

    /// Takes a segment; what was bound must be forgotten and nothing may be in flight.
    void set_segment(const SkinSegment& segment);
    /// Records the decoding, if it has not been since set_segment().
    void record(VkCommandBuffer commands);
    /// frames × joints × components, once that has run.
    const Buffer& joints() const { return joints_; }
    void forget_bindings();

  private:
    void upload_arrays(const SkinSegment& segment);

    Device& device_;
    Kernel rans_, changes_, sum_;
    Buffer arrays_, table_, payload_, slots_, symbols_, parents_, modes_, joints_;
    MotionConstants shape_{};
    bool pending_ = false;
};

}  // namespace volumen::gpu
