// Buffers and images: a handle and its memory, freed together.
#pragma once

#include <cstddef>
#include <span>

#include "shaders/gpu/device.h"

namespace volumen::gpu {

enum class Residence {
    device,    ///< storage on the device; written by shaders and copies
    upload,    ///< mapped, the processor writes, the device copies from it
    download,  ///< mapped, the device copies into it, the processor reads
};

/// Memory of the device, counted in Device::allocated_bytes while it lives; empty when default-constructed.
class Memory {
  public:
    Memory() = default;
    /// Throws InputError, naming `what`, where the device has not so much.
    Memory(Device& device, const VkMemoryRequirements& needs, Residence residence, const char* what);
    ~Memory();
    Memory(Memory&& other) noexcept;
    Memory& operator=(Memory&& other) noexcept;

    VkDeviceMemory handle = VK_NULL_HANDLE;

  private:
    Device* device_ = nullptr;
    std::uint64_t bytes_ = 0;
};

/// A buffer; empty when default-constructed. At least 16 bytes are allocated, so that every buffer can be
/// bound.
class Buffer {
  public:
    Buffer() = default;
    /// Throws InputError, naming `what`, where a storage buffer of so many bytes is more than the device
    /// allows or has.
    Buffer(Device& device, std::uint64_t bytes, Residence residence, const char* what);
    ~Buffer();
    Buffer(Buffer&& other) noexcept;
    Buffer& operator=(Buffer&& other) noexcept;

    VkBuffer handle = VK_NULL_HANDLE;
    std::uint64_t bytes = 0;
    std::byte* mapped = nullptr;  ///< upload and download only; coherent

  private:
    VkDevice device_ = VK_NULL_HANDLE;
    Memory memory_;
};

/// A two-dimensional image with one mip level, and a view of it; empty when default-constructed. With
/// `layers` it is an array of as many, and so is its view; without, a plain one.
class Image {
  public:
    Image() = default;
    Image(Device& device, int width, int height, VkFormat format, VkImageUsageFlags usage, const char* what,
          int layers = 0);
    ~Image();
    Image(Image&& other) noexcept;
    Image& operator=(Image&& other) noexcept;

    VkImage handle = VK_NULL_HANDLE;
    VkImageView view = VK_NULL_HANDLE;
    int width = 0, height = 0, layers = 0;

  private:
    VkDevice device_ = VK_NULL_HANDLE;
    Memory memory_;
};

/// Everything written by what was recorded before is seen by everything recorded after (shaders, copies and,
/// in `to_host`, the processor once it has waited).
void barrier(VkCommandBuffer commands, bool to_host = false);
/// Brings an image into layout GENERAL, ordered after all work before; its content is lost.
void discard_to_general(VkCommandBuffer commands, const Image& image);

/// Writes bytes into a device buffer through a staging buffer, and waits.
void upload(Device& device, const Buffer& buffer, std::uint64_t offset, std::span<const std::byte> bytes);
/// Reads a device buffer back, and waits.
void download(Device& device, const Buffer& buffer, std::uint64_t offset, std::span<std::byte> bytes);

}  // namespace volumen::gpu
