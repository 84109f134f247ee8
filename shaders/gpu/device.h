// The Vulkan device, and how one is chosen.
#pragma once

#include <vulkan/vulkan.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace volumen::gpu {

/// Subgroups that the shaders are written for; devices in the field have 4 (narrow software) to 128.
inline constexpr std::uint32_t kMinSubgroup = 4, kMaxSubgroup = 128;

struct DeviceParams {
    std::string name;  ///< part of the device's name, or its index; empty: the best one
    bool validation =
        false;  ///< validation layers with synchronisation validation; also by VOLUMEN_VALIDATION=1
    std::vector<const char*> instance_extensions;  ///< what the window needs
    bool swapchain = false;
};

/// Instance, device and one queue that does compute, transfer and graphics. Throws InputError where
/// Vulkan 1.2 or something the shaders need is missing, by its name.
class Device {
  public:
    explicit Device(const DeviceParams& params = {});
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    VkInstance instance = VK_NULL_HANDLE;
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    VkDevice handle = VK_NULL_HANDLE;
    VkQueue queue = VK_NULL_HANDLE;
    std::uint32_t queue_family = 0;
    std::string device_name;
    std::string note;  ///< a line for the user where a better device was passed over; else empty
    std::uint32_t subgroup_size = 0;
    bool subgroup_size_control = false;  ///< kernels can demand subgroup_size and full subgroups
    bool software = false;               ///< the device is the processor
    VkPhysicalDeviceLimits limits{};
    VkPhysicalDeviceMemoryProperties memory{};
    std::uint64_t allocated_bytes = 0;  ///< of memory, by the buffers and images there are
    float timestamp_period_ns = 0;      ///< 0: no timestamps (the queue has none, or they cannot be reset)

    /// Messages of the validation layers so far (errors and warnings): the bar is zero.
    std::uint64_t validation_messages() const;
    /// Bytes of the largest heap that is local to the device.
    std::uint64_t local_heap_bytes() const;

    /// Records with `record`, submits, waits.
    void run(const std::function<void(VkCommandBuffer)>& record);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Throws an error that names `what` and the result, unless it is VK_SUCCESS.
void check(VkResult result, const char* what);

}  // namespace volumen::gpu
