// A compute program: pipeline, its bindings, and how it is launched.
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "shaders/gpu/memory.h"

namespace volumen::gpu {

/// Work groups in the first dimension of a launch; devices take 65,535 at least.
inline constexpr std::uint32_t kGroupsAcross = 32768;

/// One thing that a kernel reads or writes.
struct Binding {
    Binding(const Buffer& b) : buffer(b.handle), type(VK_DESCRIPTOR_TYPE_STORAGE_BUFFER) {}
    Binding(const Image& image, VkDescriptorType t) : view(image.view), type(t) {}

    VkBuffer buffer = VK_NULL_HANDLE;
    VkImageView view = VK_NULL_HANDLE;
    VkDescriptorType type;

    bool operator==(const Binding&) const = default;
};

struct KernelParams {
    std::span<const std::uint32_t> code;             ///< SPIR-V, entry point "main"
    std::vector<VkDescriptorType> bindings;          ///< binding i of set 0 has type bindings[i]
    std::uint32_t constants_bytes = 0;               ///< of push constants
    std::vector<std::uint32_t> specialisation = {};  ///< constant_id i has the value specialisation[i]
};

/// Storage buffers, as KernelParams::bindings.
std::vector<VkDescriptorType> storage_buffers(std::size_t count);

/// Its own pipeline and descriptor sets. The device must outlive it.
class Kernel {
  public:
    Kernel(Device& device, const KernelParams& params);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    /// Records a launch of at least `groups` work groups, in two dimensions where they are many: the shader's
    /// group_index() counts them, and those past the end must do nothing. A set of bindings that was used
    /// before is found again, so that frames in flight never see one change.
    template <class Constants>
    void launch(VkCommandBuffer commands, std::initializer_list<Binding> bindings, const Constants& constants,
                std::uint32_t groups) {
        launch(commands, std::vector<Binding>(bindings), &constants, sizeof(Constants), groups);
    }
    void launch(VkCommandBuffer commands, const std::vector<Binding>& bindings, const void* constants,
                std::uint32_t constants_bytes, std::uint32_t groups);

    /// Forgets all bindings: before something that was bound is freed. Nothing may be in flight.
    void forget_bindings();

  private:
    VkDescriptorSet find_set(const std::vector<Binding>& bindings);

    Device& device_;
    std::vector<VkDescriptorType> types_;
    std::uint32_t constants_bytes_ = 0;
    VkDescriptorSetLayout set_layout_ = VK_NULL_HANDLE;
    VkPipelineLayout layout_ = VK_NULL_HANDLE;
    VkPipeline pipeline_ = VK_NULL_HANDLE;
    std::vector<VkDescriptorPool> pools_;
    std::vector<std::pair<std::vector<Binding>, VkDescriptorSet>> sets_;
};

}  // namespace volumen::gpu
