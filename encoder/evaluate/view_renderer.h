// Draws frames from the capture's cameras, on the GPU with the player's renderer or on the CPU.
#pragma once

#include <memory>
#include <string>

#include "encoder/evaluate/frame_source.h"
#include "formats/core/camera.h"
#include "formats/core/image.h"

namespace volumen {

class ViewRenderer {
  public:
    virtual ~ViewRenderer() = default;
    /// Drawn together with every frame set from now on.
    virtual void set_stage(const SplatCloud& stage) = 0;
    virtual void set_frame(SourceFrame& frame) = 0;
    /// RGB, 8 bits; the frame is the last one set.
    virtual Image8 render(const Camera& camera) = 0;
    /// Of the last picture: by the device's own clock where it has one.
    virtual double render_ms() const = 0;
    virtual std::string device() const = 0;
};

std::unique_ptr<ViewRenderer> make_gpu_renderer(const std::string& device, glm::vec3 background);
std::unique_ptr<ViewRenderer> make_cpu_renderer(glm::vec3 background);

}  // namespace volumen
