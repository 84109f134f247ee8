#include "shaders/interpolate/interpolate.h"

#include <algorithm>

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kGeometryCode[] =
#include "interpolate/geometry.comp.inc"
    ;
constexpr std::uint32_t kColoursCode[] =
#include "interpolate/colours.comp.inc"
    ;

KernelParams params(const Device& device, std::span<const std::uint32_t> code, std::size_t buffers) {
    return {.code = code,
            .bindings = storage_buffers(buffers),
            .constants_bytes = sizeof(InterpolateConstants),
            .specialisation = {device.subgroup_size}};
}
}  // namespace

Interpolate::Interpolate(Device& device)
    : device_(device),
      geometry_(device, params(device, kGeometryCode, 6)),
      colours_(device, params(device, kColoursCode, 3)) {}

void Interpolate::record(VkCommandBuffer commands, const SplatBuffers& from, const SplatBuffers& to,
                         float share, const SplatBuffers& out, std::uint32_t count) {
    const std::uint32_t groups = (count + device_.subgroup_size - 1) / device_.subgroup_size;
    InterpolateConstants constants{count, from.stride(), to.stride(), out.stride(), share, 0};
    geometry_.launch(commands,
                     {from.geometry[0], from.geometry[1], to.geometry[0], to.geometry[1], out.geometry[0],
                      out.geometry[1]},
                     constants, groups);
    std::uint32_t left = sh_words(out.sh_degree());
    for (std::uint32_t b = 0; left > 0; ++b) {
        constants.planes = std::min(left, kPlanesPerBuffer);
        colours_.launch(commands, {from.sh[b], to.sh[b], out.sh[b]}, constants, groups);
        left -= constants.planes;
    }
    barrier(commands);
}

void Interpolate::forget_bindings() {
    geometry_.forget_bindings();
    colours_.forget_bindings();
}

}  // namespace volumen::gpu
