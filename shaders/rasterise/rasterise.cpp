#include "shaders/rasterise/rasterise.h"

#include "shaders/shared.h"

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kCode[] =
#include "rasterise/rasterise.comp.inc"
    ;

std::vector<VkDescriptorType> bindings() {
    std::vector<VkDescriptorType> types = storage_buffers(4);
    types.push_back(VK_DESCRIPTOR_TYPE_STORAGE_IMAGE);
    return types;
}
}  // namespace

glm::uvec2 tiles_of(int width, int height) {
    return {(std::uint32_t(width) + kTileWidth - 1) / kTileWidth,
            (std::uint32_t(height) + kTileHeight - 1) / kTileHeight};
}

Rasterise::Rasterise(Device& device)
    : kernel_(device, {.code = kCode,
                       .bindings = bindings(),
                       .constants_bytes = sizeof(RasteriseConstants),
                       .specialisation = {device.subgroup_size}}) {}

void Rasterise::record(VkCommandBuffer commands, const Buffer& starts, const Buffer& entries,
                       std::uint32_t capacity, const Buffer& ellipses, const Buffer& looks,
                       const Image& target, glm::vec3 background) {
    const glm::uvec2 tiles = tiles_of(target.width, target.height);
    const RasteriseConstants constants{{std::uint32_t(target.width), std::uint32_t(target.height)},
                                       {tiles.x, tiles.y},
                                       {background.r, background.g, background.b},
                                       capacity};
    kernel_.launch(commands,
                   {starts, entries, ellipses, looks, Binding(target, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE)},
                   constants, tiles.x * tiles.y);
}

}  // namespace volumen::gpu
