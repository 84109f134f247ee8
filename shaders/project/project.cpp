#include "shaders/project/project.h"

#include <algorithm>

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kCode[] =
#include "project/project.comp.inc"
    ;

static_assert(kOrderDepth == uint(Order::depth) && kOrderDistance == uint(Order::distance) &&
              kOrderPixel == uint(Order::pixel));

ProjectConstants constants_of(const Camera& camera) {
    ProjectConstants constants{};
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 3; ++column)
            constants.view[4 * row + column] = camera.rotation[column][row];
        constants.view[4 * row + 3] = camera.translation[row];
        constants.centre[row] = camera.centre()[row];
    }
    constants.focal[0] = camera.fx, constants.focal[1] = camera.fy;
    constants.principal[0] = camera.cx, constants.principal[1] = camera.cy;
    constants.size[0] = std::uint32_t(camera.width), constants.size[1] = std::uint32_t(camera.height);
    return constants;
}
}  // namespace

Project::Project(Device& device) : device_(device) {
    reserve(1);
    reserve_depths(1);
}

void Project::reserve(std::uint32_t count) {
    constexpr std::uint64_t kEllipseBytes = 16, kLookBytes = 16, kRectBytes = 8;
    if (count * kEllipseBytes <= ellipses_.bytes) return;
    forget_bindings();
    const auto allocate = [&](Buffer& buffer, std::uint64_t bytes) {
        buffer = {};
        buffer = Buffer(device_, count * bytes, Residence::device, "the projected splats");
    };
    allocate(ellipses_, kEllipseBytes);
    allocate(looks_, kLookBytes);
    allocate(rects_, kRectBytes);
}

void Project::reserve_depths(std::uint32_t count) {
    if (has_depths(count)) return;
    forget_bindings();
    depths_ = {};
    depths_ = Buffer(device_, count * kDepthBytes, Residence::device, "the splats' depths");
}

void Project::record(VkCommandBuffer commands, const SplatBuffers& splats, const Camera& camera,
                     const RenderSettings& settings, const Buffer& keys, const Buffer& counters) {
    const int degree = std::clamp(settings.sh_degree, 0, splats.sh_degree());
    std::unique_ptr<Kernel>& kernel = kernels_[std::size_t(degree)][std::size_t(settings.order)];
    if (!kernel)
        kernel = std::make_unique<Kernel>(
            device_, KernelParams{.code = kCode,
                                  .bindings = storage_buffers(12),
                                  .constants_bytes = sizeof(ProjectConstants),
                                  .specialisation = {device_.subgroup_size, std::uint32_t(degree),
                                                     std::uint32_t(settings.order)}});
    ProjectConstants constants = constants_of(camera);
    constants.dilation = settings.dilation;
    constants.compensate = settings.compensate;
    constants.picture = std::uint32_t(settings.picture);
    constants.count = splats.count();
    constants.stride = splats.stride();
    kernel->launch(commands,
                   {splats.geometry[0], splats.geometry[1], splats.sh[0], splats.sh[1], splats.sh[2],
                    splats.sh[3], ellipses_, looks_, rects_, keys, counters, depths_},
                   constants, (splats.count() + device_.subgroup_size - 1) / device_.subgroup_size);
}

void Project::forget_bindings() {
    for (const auto& of_degree : kernels_)
        for (const auto& kernel : of_degree)
            if (kernel) kernel->forget_bindings();
}

}  // namespace volumen::gpu
