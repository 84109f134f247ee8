// Splats between two frames of a segment.
#pragma once

#include "shaders/gpu/kernel.h"
#include "shaders/splat_buffers.h"

namespace volumen::gpu {

class Interpolate {
  public:
    explicit Interpolate(Device& device);

    /// Records the making of the first `count` splats of `out`: those of `from` and `to`, `share` (0 to 1) of
    /// the way. Places, log-scales, opacities and SH are mixed, rotations go along the shorter arc. All three
    /// have one SH degree and room for so many.
    void record(VkCommandBuffer commands, const SplatBuffers& from, const SplatBuffers& to, float share,
                const SplatBuffers& out, std::uint32_t count);
    void forget_bindings();

  private:
    Device& device_;
    Kernel geometry_, colours_;
};

}  // namespace volumen::gpu
