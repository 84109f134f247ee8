// Splats on the device.
#pragma once

#include "formats/splats/cloud.h"
#include "shaders/gpu/memory.h"
#include "shaders/shared.h"

namespace volumen::gpu {

/// The attribute planes of a cloud, as shared.h lays them out. SH coefficients are halves: values beyond
/// ±65504 are clamped.
class SplatBuffers {
  public:
    explicit SplatBuffers(Device& device);

    /// Makes room; the contents are lost where that moves them. Throws InputError with the number of splats
    /// that fit. Nothing may be in flight. Returns whether buffers were replaced.
    bool reserve(std::uint32_t count, int sh_degree);
    /// Splats [first, first + cloud.count), at the buffers' SH degree: higher coefficients are dropped,
    /// missing ones are zero.
    void upload(const SplatCloud& cloud, std::uint32_t first = 0);
    SplatCloud download() const;
    /// Some of them, each below count().
    SplatCloud download(std::span<const std::uint32_t> splats) const;

    std::uint32_t count() const { return count_; }
    std::uint32_t stride() const { return capacity_; }
    int sh_degree() const { return sh_degree_; }
    /// Splats of this degree that the device can hold and draw.
    std::uint32_t largest_count(int sh_degree) const;

    Buffer geometry[kGeometryBuffers], sh[kShBuffers];

  private:
    Device* device_;  ///< a pointer, so that two can be swapped
    std::uint32_t count_ = 0, capacity_ = 0;
    int sh_degree_ = 0, sh_capacity_ = 0;
};

/// Words a splat takes for its SH coefficients.
constexpr std::uint32_t sh_words(int sh_degree) {
    return std::uint32_t(3 * sh_coefficients(sh_degree) + 1) / 2;
}

}  // namespace volumen::gpu
