#include "shaders/rasterise/rasterise.h"

#include "shaders/shared.h"

namespace volumen::gpu {

glm::uvec2 tiles_of(int width, int height) {
    return {(std::uint32_t(width) + kTileWidth - 1) / kTileWidth,
            (std::uint32_t(height) + kTileHeight - 1) / kTileHeight};
}

namespace {
constexpr std::uint32_t kInOrderCode[] =
#include "rasterise/rasterise.comp.inc"
    ;
constexpr std::uint32_t kResortCode[] =
#include "rasterise/resort.comp.inc"
    ;

KernelParams params(const Device& device, std::span<const std::uint32_t> code, bool many,
                    std::size_t more_buffers) {
    std::vector<VkDescriptorType> types = storage_buffers(3 + kEntryBuffers);
    types.push_back(VK_DESCRIPTOR_TYPE_STORAGE_IMAGE);
    types.insert(types.end(), more_buffers, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER);
    return {.code = code,
            .bindings = std::move(types),
            .constants_bytes = sizeof(RasteriseConstants),
            .specialisation = {device.subgroup_size, many ? 0u : 1u}};
}

RasteriseConstants constants_of(const Image& target, glm::vec3 background, std::uint32_t capacity) {
    const glm::uvec2 tiles = tiles_of(target.width, target.height);
    return {{std::uint32_t(target.width), std::uint32_t(target.height)},
            {tiles.x, tiles.y},
            {background.r, background.g, background.b},
            capacity};
}
}  // namespace

Rasterise::Rasterise(Device& device) : device_(device) {
    kernel(false, 0);
}

Kernel& Rasterise::kernel(bool resorted, std::uint32_t capacity) {
    const bool many = capacity > kEntriesPerBuffer;
    std::unique_ptr<Kernel>& found = kernels_[resorted][many];
    if (!found)
        found = std::make_unique<Kernel>(device_, resorted ? params(device_, kResortCode, many, 1)
                                                           : params(device_, kInOrderCode, many, 0));
    return *found;
}

void Rasterise::record(VkCommandBuffer commands, const Buffer& starts, const Buffer (&entries)[kEntryBuffers],
                       std::uint32_t capacity, const Buffer& ellipses, const Buffer& looks,
                       const Image& target, glm::vec3 background) {
    const RasteriseConstants constants = constants_of(target, background, capacity);
    kernel(false, capacity)
        .launch(commands,
                {starts, entries[0], entries[1], entries[2], entries[3], ellipses, looks,
                 Binding(target, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE)},
                constants, constants.tiles[0] * constants.tiles[1]);
}

void Rasterise::record_resorted(VkCommandBuffer commands, const Buffer& starts,
                                const Buffer (&entries)[kEntryBuffers], std::uint32_t capacity,
                                const Buffer& ellipses, const Buffer& looks, const Buffer& depths,
                                const Image& target, glm::vec3 background) {
    const RasteriseConstants constants = constants_of(target, background, capacity);
    const std::uint32_t pixels = (kTilePixels + device_.subgroup_size - 1) / device_.subgroup_size;
    kernel(true, capacity)
        .launch(commands,
                {starts, entries[0], entries[1], entries[2], entries[3], ellipses, looks,
                 Binding(target, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE), depths},
                constants, constants.tiles[0] * constants.tiles[1] * pixels);
}

void Rasterise::forget_bindings() {
    for (const auto& of_order : kernels_)
        for (const auto& kernel : of_order)
            if (kernel) kernel->forget_bindings();
}

}  // namespace volumen::gpu
