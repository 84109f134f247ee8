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

static_assert(kPictureColour == uint(Picture::colour) && kPictureDepth == uint(Picture::depth) &&
              kPictureOpacity == uint(Picture::opacity) && kPictureOverdraw == uint(Picture::overdraw) &&
              kPictureOutlines == uint(Picture::outlines) && kPicturePoints == uint(Picture::points));

std::vector<VkDescriptorType> bindings() {
    std::vector<VkDescriptorType> types = storage_buffers(5 + kEntryBuffers);
    types[3 + kEntryBuffers] = VK_DESCRIPTOR_TYPE_STORAGE_IMAGE;
    return types;
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
    kernel(kPictureColour, 0);
}

Kernel& Rasterise::kernel(std::uint32_t variant, std::uint32_t capacity) {
    const bool many = capacity > kEntriesPerBuffer;
    std::unique_ptr<Kernel>& found = kernels_[variant][many];
    if (found) return *found;
    KernelParams params{.code = kInOrderCode,
                        .bindings = bindings(),
                        .constants_bytes = sizeof(RasteriseConstants),
                        .specialisation = {device_.subgroup_size, many ? 0u : 1u}};
    if (variant == kResorted)
        params.code = kResortCode;
    else
        params.specialisation.push_back(variant);
    found = std::make_unique<Kernel>(device_, params);
    return *found;
}

void Rasterise::record(VkCommandBuffer commands, const Buffer& starts, const Buffer (&entries)[kEntryBuffers],
                       std::uint32_t capacity, const Buffer& ellipses, const Buffer& looks,
                       const Buffer& counters, const Image& target, glm::vec3 background, Picture picture) {
    const RasteriseConstants constants = constants_of(target, background, capacity);
    kernel(std::uint32_t(picture), capacity)
        .launch(commands,
                {starts, entries[0], entries[1], entries[2], entries[3], ellipses, looks,
                 Binding(target, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE), counters},
                constants, constants.tiles[0] * constants.tiles[1]);
}

void Rasterise::record_resorted(VkCommandBuffer commands, const Buffer& starts,
                                const Buffer (&entries)[kEntryBuffers], std::uint32_t capacity,
                                const Buffer& ellipses, const Buffer& looks, const Buffer& depths,
                                const Image& target, glm::vec3 background) {
    const RasteriseConstants constants = constants_of(target, background, capacity);
    const std::uint32_t pixels = (kTilePixels + device_.subgroup_size - 1) / device_.subgroup_size;
    kernel(kResorted, capacity)
        .launch(commands,
                {starts, entries[0], entries[1], entries[2], entries[3], ellipses, looks,
                 Binding(target, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE), depths},
                constants, constants.tiles[0] * constants.tiles[1] * pixels);
}

void Rasterise::forget_bindings() {
    for (const auto& of_variant : kernels_)
        for (const auto& kernel : of_variant)
            if (kernel) kernel->forget_bindings();
}

}  // namespace volumen::gpu
