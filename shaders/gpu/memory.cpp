#include "shaders/gpu/memory.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "formats/core/error.h"

namespace volumen::gpu {

namespace {

/// Staging is bounded, whatever is uploaded: the device's and the process's memory hold it beside the data.
constexpr std::uint64_t kStagingBytes = 16u << 20;
constexpr std::uint64_t kSmallestBuffer = 16;

std::optional<std::uint32_t> find_memory(const Device& device, std::uint32_t allowed,
                                         VkMemoryPropertyFlags wanted) {
    for (std::uint32_t i = 0; i < device.memory.memoryTypeCount; ++i)
        if ((allowed >> i & 1) && (device.memory.memoryTypes[i].propertyFlags & wanted) == wanted) return i;
    return std::nullopt;
}

}  // namespace

Memory::Memory(Device& device, const VkMemoryRequirements& needs, Residence residence, const char* what)
    : device_(&device) {
    constexpr VkMemoryPropertyFlags kMapped =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    std::optional<std::uint32_t> type;
    if (residence == Residence::device)
        type = find_memory(device, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    if (residence == Residence::download)
        type = find_memory(device, needs.memoryTypeBits, kMapped | VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    if (!type && residence != Residence::device) type = find_memory(device, needs.memoryTypeBits, kMapped);
    if (!type && residence == Residence::device) type = find_memory(device, needs.memoryTypeBits, 0);
    if (!type) throw InputError("Vulkan device \"{}\" has no memory for {}", device.device_name, what);

    VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
    info.allocationSize = needs.size;
    info.memoryTypeIndex = *type;
    const VkResult result = vkAllocateMemory(device.handle, &info, nullptr, &handle);
    if (result != VK_SUCCESS)
        throw InputError(
            "Vulkan device \"{}\" has not the {:.0f} MiB of memory for {}; use fewer splats or a "
            "smaller image",
            device.device_name, double(needs.size) / (1 << 20), what);
    bytes_ = needs.size;
    device.allocated_bytes += bytes_;
}

Memory::~Memory() {
    if (!handle) return;
    vkFreeMemory(device_->handle, handle, nullptr);
    device_->allocated_bytes -= bytes_;
}

Memory::Memory(Memory&& other) noexcept {
    *this = std::move(other);
}

Memory& Memory::operator=(Memory&& other) noexcept {
    std::swap(handle, other.handle);
    std::swap(device_, other.device_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

Buffer::Buffer(Device& device, std::uint64_t size, Residence residence, const char* what)
    : bytes(std::max(size, kSmallestBuffer)), device_(device.handle) {
    if (residence == Residence::device && bytes > device.limits.maxStorageBufferRange)
        throw InputError(
            "{} needs a buffer of {:.0f} MiB, but Vulkan device \"{}\" has at most {:.0f} MiB a "
            "buffer; use fewer splats or a smaller image",
            what, double(bytes) / (1 << 20), device.device_name,
            double(device.limits.maxStorageBufferRange) / (1 << 20));
    VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
    info.size = bytes;
    info.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    if (residence == Residence::device)
        info.usage |= VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT;
    check(vkCreateBuffer(device_, &info, nullptr, &handle), "vkCreateBuffer");
    try {
        VkMemoryRequirements needs;
        vkGetBufferMemoryRequirements(device_, handle, &needs);
        memory_ = Memory(device, needs, residence, what);
        check(vkBindBufferMemory(device_, handle, memory_.handle, 0), "vkBindBufferMemory");
        if (residence != Residence::device) {
            void* pointer = nullptr;
            check(vkMapMemory(device_, memory_.handle, 0, VK_WHOLE_SIZE, 0, &pointer), "vkMapMemory");
            mapped = static_cast<std::byte*>(pointer);
        }
    } catch (...) {
        vkDestroyBuffer(device_, handle, nullptr);
        throw;
    }
}

Buffer::~Buffer() {
    if (!handle) return;
    vkDestroyBuffer(device_, handle, nullptr);
}

Buffer::Buffer(Buffer&& other) noexcept {
    *this = std::move(other);
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
    std::swap(handle, other.handle);
    std::swap(bytes, other.bytes);
    std::swap(mapped, other.mapped);
    std::swap(device_, other.device_);
    std::swap(memory_, other.memory_);
    return *this;
}

Image::Image(Device& device, int w, int h, VkFormat format, VkImageUsageFlags usage, const char* what, int l)
    : width(w), height(h), layers(l), device_(device.handle) {
    const int limit = int(device.limits.maxImageDimension2D);
    if (w < 1 || h < 1 || w > limit || h > limit)
        throw InputError("{} of {} x {} pixels: Vulkan device \"{}\" takes 1 to {} a side", what, w, h,
                         device.device_name, limit);
    VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = format;
    info.extent = {std::uint32_t(w), std::uint32_t(h), 1};
    info.mipLevels = 1;
    info.arrayLayers = std::uint32_t(std::max(1, layers));
    info.samples = VK_SAMPLE_COUNT_1_BIT;
    info.usage = usage;
    check(vkCreateImage(device_, &info, nullptr, &handle), "vkCreateImage");
    try {
        VkMemoryRequirements needs;
        vkGetImageMemoryRequirements(device_, handle, &needs);
        memory_ = Memory(device, needs, Residence::device, what);
        check(vkBindImageMemory(device_, handle, memory_.handle, 0), "vkBindImageMemory");
        VkImageViewCreateInfo view_info{VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO};
        view_info.image = handle;
        view_info.viewType = layers ? VK_IMAGE_VIEW_TYPE_2D_ARRAY : VK_IMAGE_VIEW_TYPE_2D;
        view_info.format = format;
        view_info.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, info.arrayLayers};
        check(vkCreateImageView(device_, &view_info, nullptr, &view), "vkCreateImageView");
    } catch (...) {
        vkDestroyImage(device_, handle, nullptr);
        throw;
    }
}

Image::~Image() {
    if (!handle) return;
    vkDestroyImageView(device_, view, nullptr);
    vkDestroyImage(device_, handle, nullptr);
}

Image::Image(Image&& other) noexcept {
    *this = std::move(other);
}

Image& Image::operator=(Image&& other) noexcept {
    std::swap(handle, other.handle);
    std::swap(view, other.view);
    std::swap(width, other.width);
    std::swap(height, other.height);
    std::swap(layers, other.layers);
    std::swap(device_, other.device_);
    std::swap(memory_, other.memory_);
    return *this;
}

void barrier(VkCommandBuffer commands, bool to_host) {
    VkMemoryBarrier memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
    memory.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT | VK_ACCESS_MEMORY_READ_BIT;
    memory.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
    const VkPipelineStageFlags after =
        VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | (to_host ? VK_PIPELINE_STAGE_HOST_BIT : 0);
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, after, 0, 1, &memory, 0, nullptr, 0,
                         nullptr);
}

void discard_to_general(VkCommandBuffer commands, const Image& image) {
    VkImageMemoryBarrier change{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER};
    change.srcAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
    change.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
    change.oldLayout = VK_IMAGE_LAYOUT_UNDEFINED;
    change.newLayout = VK_IMAGE_LAYOUT_GENERAL;
    change.srcQueueFamilyIndex = change.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    change.image = image.handle;
    change.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, VK_REMAINING_ARRAY_LAYERS};
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0,
                         0, nullptr, 0, nullptr, 1, &change);
}

void upload(Device& device, const Buffer& buffer, std::uint64_t offset, std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    const Buffer staging(device, std::min<std::uint64_t>(bytes.size(), kStagingBytes), Residence::upload,
                         "an upload");
    for (std::uint64_t done = 0; done < bytes.size(); done += kStagingBytes) {
        const std::uint64_t part = std::min<std::uint64_t>(kStagingBytes, bytes.size() - done);
        std::memcpy(staging.mapped, bytes.data() + done, part);
        device.run([&](VkCommandBuffer commands) {
            barrier(commands);
            const VkBufferCopy copy{0, offset + done, part};
            vkCmdCopyBuffer(commands, staging.handle, buffer.handle, 1, &copy);
            barrier(commands);
        });
    }
}

void download(Device& device, const Buffer& buffer, std::uint64_t offset, std::span<std::byte> bytes) {
    if (bytes.empty()) return;
    const Buffer staging(device, std::min<std::uint64_t>(bytes.size(), kStagingBytes), Residence::download,
                         "a download");
    for (std::uint64_t done = 0; done < bytes.size(); done += kStagingBytes) {
        const std::uint64_t part = std::min<std::uint64_t>(kStagingBytes, bytes.size() - done);
        device.run([&](VkCommandBuffer commands) {
            barrier(commands);
            const VkBufferCopy copy{offset + done, 0, part};
            vkCmdCopyBuffer(commands, buffer.handle, staging.handle, 1, &copy);
            barrier(commands, true);
        });
        std::memcpy(bytes.data() + done, staging.mapped, part);
    }
}

}  // namespace volumen::gpu
