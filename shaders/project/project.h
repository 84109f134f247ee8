// Projects splats into the image: ellipse, look, tiles and depth key of each visible one.
#pragma once

#include <array>
#include <memory>

#include "formats/core/camera.h"
#include "shaders/gpu/kernel.h"
#include "shaders/splat_buffers.h"

namespace volumen::gpu {

class Project {
  public:
    explicit Project(Device& device);

    /// Makes room for `count` splats. Nothing may be in flight.
    void reserve(std::uint32_t count);

    /// Records the projection of all splats; key i of `keys` becomes the depth of splat i, or kDroppedKey
    /// where it is not visible, and `counters` gets the least and the greatest (they must start as all ones
    /// and 0).
    void record(VkCommandBuffer commands, const SplatBuffers& splats, const Camera& camera, int sh_degree,
                float dilation, bool compensate, const Buffer& keys, const Buffer& counters);

    /// Of splat i: mean x y and the conic's a b; a dx² + b dx dy + c dy² is in powers of two.
    const Buffer& ellipses() const { return ellipses_; }
    /// The conic's c, log2 of the opacity, and red, green, blue as halves.
    const Buffer& looks() const { return looks_; }
    /// First and last tile, x | y << 16.
    const Buffer& rects() const { return rects_; }
    void forget_bindings();

  private:
    Device& device_;
    std::array<std::unique_ptr<Kernel>, kMaxShDegree + 1> kernels_;  ///< by SH degree, made when needed
    Buffer ellipses_, looks_, rects_;
};

}  // namespace volumen::gpu
