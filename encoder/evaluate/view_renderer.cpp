#include "encoder/evaluate/view_renderer.h"

#include <chrono>

#include "encoder/evaluate/metrics.h"
#include "encoder/train/rasteriser.h"
#include "shaders/renderer.h"

namespace volumen {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

class GpuRenderer : public ViewRenderer {
  public:
    GpuRenderer(const std::string& device, glm::vec3 background)
        : device_(named(device)), renderer_(device_) {
        settings_.background = background;
    }
    void set_stage(const SplatCloud& stage) override { renderer_.set_stage(stage); }
    void set_frame(SourceFrame& frame) override {
        if (frame.packed)
            renderer_.set_frame(*frame.packed);
        else
            renderer_.set_cloud(frame.unpacked());
    }
    Image8 render(const Camera& camera) override {
        const auto start = Clock::now();
        const Image8 image = renderer_.render(camera, settings_);
        const double device_ms = renderer_.stats().render_ms;
        render_ms_ = device_ms > 0 ? device_ms : milliseconds_since(start);
        return without_alpha(image);
    }
    double render_ms() const override { return render_ms_; }
    std::string device() const override { return device_.device_name; }

  private:
    static gpu::DeviceParams named(const std::string& name) {
        gpu::DeviceParams params;
        params.name = name;
        return params;
    }

    gpu::Device device_;
    Renderer renderer_;
    RenderSettings settings_;
    double render_ms_ = 0;
};

class CpuRenderer : public ViewRenderer {
  public:
    explicit CpuRenderer(glm::vec3 background) { settings_.background = background; }
    void set_stage(const SplatCloud& stage) override { stage_ = stage; }
    void set_frame(SourceFrame& frame) override {
        cloud_ = &frame.unpacked();
        if (stage_.count == 0) return;
        joined_ = joined(*cloud_, stage_);
        cloud_ = &joined_;
    }
    Image8 render(const Camera& camera) override {
        const auto start = Clock::now();
        const PlanarImage& image = rasteriser_.forward(*cloud_, camera, settings_);
        render_ms_ = milliseconds_since(start);
        return to_8_bit(image);
    }
    double render_ms() const override { return render_ms_; }
    std::string device() const override { return "CPU"; }

  private:
    train::Rasteriser rasteriser_;
    train::RasterSettings settings_;
    SplatCloud stage_, joined_;
    const SplatCloud* cloud_ = nullptr;
    double render_ms_ = 0;
};

}  // namespace

std::unique_ptr<ViewRenderer> make_gpu_renderer(const std::string& device, glm::vec3 background) {
    return std::make_unique<GpuRenderer>(device, background);
}

std::unique_ptr<ViewRenderer> make_cpu_renderer(glm::vec3 background) {
    return std::make_unique<CpuRenderer>(background);
}

}  // namespace volumen
