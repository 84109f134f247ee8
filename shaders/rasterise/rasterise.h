// Draws the tiles' splats into an image.
#pragma once

#include <array>
#include <glm/glm.hpp>
#include <memory>

#include "shaders/gpu/kernel.h"
#include "shaders/renderer.h"
#include "shaders/shared.h"

namespace volumen::gpu {

/// Tiles across and down that cover an image of this size.
glm::uvec2 tiles_of(int width, int height);

class Rasterise {
  public:
    explicit Rasterise(Device& device);

    /// Records the drawing of all tiles into `target` (rgba8, layout GENERAL), over the background; alpha is
    /// the coverage. `starts`, `entries` and `capacity` are Binning's, `ellipses` and `looks` are Project's,
    /// and `counters` are as Project left them.
    void record(VkCommandBuffer commands, const Buffer& starts, const Buffer (&entries)[kEntryBuffers],
                std::uint32_t capacity, const Buffer& ellipses, const Buffer& looks, const Buffer& counters,
                const Image& target, glm::vec3 background, Picture picture);
    /// Colours, each pixel's splats in the order of `depths`, which are Project's, too.
    void record_resorted(VkCommandBuffer commands, const Buffer& starts,
                         const Buffer (&entries)[kEntryBuffers], std::uint32_t capacity,
                         const Buffer& ellipses, const Buffer& looks, const Buffer& depths,
                         const Image& target, glm::vec3 background);
    void forget_bindings();

  private:
    Kernel& kernel(std::uint32_t variant, std::uint32_t capacity);

    Device& device_;
    /// By variant (a picture, or kResorted) and whether the entries are in many buffers; made when needed.
    static constexpr std::uint32_t kResorted = kPictures;
    std::array<std::array<std::unique_ptr<Kernel>, 2>, kPictures + 1> kernels_;
};

}  // namespace volumen::gpu
