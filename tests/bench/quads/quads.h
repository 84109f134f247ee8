// The other way to draw splats, to measure: a rectangle each, blended by the device's hardware.
#pragma once

#include <memory>

#include "formats/core/camera.h"
#include "formats/core/image.h"
#include "formats/splats/cloud.h"
#include "shaders/gpu/device.h"

namespace volumen::bench {

/// Milliseconds on the device.
struct QuadTimes {
    double project_ms = 0, sort_ms = 0, draw_ms = 0, render_ms = 0;
};

/// Projects and sorts as the renderer does, then draws back to front into 16-bit floats.
class Quads {
  public:
    Quads(gpu::Device& device, const SplatCloud& cloud, const Camera& camera);
    ~Quads();

    /// `visible`: splats that the camera sees, which a renderer would read from the device.
    QuadTimes draw(std::uint32_t visible);
    /// Of the last drawing, over white.
    Image8 picture();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace volumen::bench
