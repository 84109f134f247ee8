// Projects splats into the image: ellipse, look, tiles and depth key of each visible one.
#pragma once

#include <array>
#include <memory>

#include "formats/core/camera.h"
#include "shaders/gpu/kernel.h"
#include "shaders/renderer.h"
#include "shaders/splat_buffers.h"

namespace volumen::gpu {

class Project {
  public:
    explicit Project(Device& device);

    /// Makes room for `count` splats; depths() are apart. Nothing may be in flight.
    void reserve(std::uint32_t count);
    void reserve_depths(std::uint32_t count);
    bool has_depths(std::uint32_t count) const { return count * kDepthBytes <= depths_.bytes; }

    /// Records the projection of all splats; key i of `keys` becomes the depth or distance of splat i, or
    /// kDroppedKey where it is not visible, and `counters` gets the least and the greatest (they must start
    /// as all ones and 0).
    void record(VkCommandBuffer commands, const SplatBuffers& splats, const Camera& camera,
                const RenderSettings& settings, const Buffer& keys, const Buffer& counters);

    /// Of splat i: mean x y and the conic's a b; a dx² + b dx dy + c dy² is in powers of two.
    const Buffer& ellipses() const { return ellipses_; }
    /// The conic's c, log2 of the opacity, and red, green, blue as halves; of Picture::depth, the key as a
    /// float instead of these.
    const Buffer& looks() const { return looks_; }
    /// First and last tile, x | y << 16.
    const Buffer& rects() const { return rects_; }
    /// Of Order::pixel: a splat's depth at its mean, and how that grows by a pixel to the right and down.
    const Buffer& depths() const { return depths_; }
    void forget_bindings();

  private:
    static constexpr std::uint64_t kDepthBytes = 16;

    Device& device_;
    /// By SH degree and order, made when needed.
    std::array<std::array<std::unique_ptr<Kernel>, kOrders>, kMaxShDegree + 1> kernels_;
    Buffer ellipses_, looks_, rects_, depths_;
};

}  // namespace volumen::gpu
