// A Vulkan layer that makes accidents happen to a program with one instance and one device, by its
// environment. VOLUMEN_DEVICE_NAMES=A,B: what the devices are called, by their index. VOLUMEN_HIDE=NAME: a
// device extension, or a feature of Vulkan 1.2, is not there; Vulkan_1_2: nor is that version.
// VOLUMEN_HIDE_ON=INDEX: of this device alone.
// VOLUMEN_FAIL=CALL:RESULT:N: every N-th acquire or present ends with out_of_date, suboptimal, device_lost or
// surface_lost; then nothing works with the surface until it is destroyed.
// VOLUMEN_PRESENTED=FILE: grows by a byte with every picture that is presented.
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#define NEXT(function) reinterpret_cast<PFN_vk##function>(next_in_instance(the_instance, "vk" #function))
#define NEXT_IN_DEVICE(function) \
    reinterpret_cast<PFN_vk##function>(next_in_device(the_device, "vk" #function))

namespace {

PFN_vkGetInstanceProcAddr next_in_instance;
PFN_vkGetDeviceProcAddr next_in_device;
VkInstance the_instance;
VkDevice the_device;
VkSurfaceKHR shown_surface, lost_surface;

std::string setting(const char* name) {
    const char* text = std::getenv(name);
    return text ? text : "";
}

/// What stands between the separators; nothing beyond the last.
std::string part(const std::string& text, std::size_t index, char separator) {
    std::size_t begin = 0;
    for (; index > 0 && begin != std::string::npos; --index) {
        begin = text.find(separator, begin);
        if (begin != std::string::npos) ++begin;
    }
    return begin == std::string::npos ? "" : text.substr(begin, text.find(separator, begin) - begin);
}

std::size_t index_of(VkPhysicalDevice device) {
    std::uint32_t count = 16;
    VkPhysicalDevice devices[16];
    NEXT(EnumeratePhysicalDevices)(the_instance, &count, devices);
    return std::size_t(std::find(devices, devices + count, device) - devices);
}

bool hides(VkPhysicalDevice device, const char* name) {
    const std::string only = setting("VOLUMEN_HIDE_ON");
    return setting("VOLUMEN_HIDE") == name && (only.empty() || std::stoul(only) == index_of(device));
}

/// The structure of this type in a chain.
template <class Structure>
Structure* find(const void* chain, VkStructureType type) {
    auto* s = static_cast<VkBaseOutStructure*>(const_cast<void*>(chain));
    while (s && s->sType != type) s = s->pNext;
    return reinterpret_cast<Structure*>(s);
}

/// Where the loader says what comes after this layer.
template <class Info>
Info* link(const void* chain, VkStructureType type) {
    Info* info = find<Info>(chain, type);
    while (info && info->function != VK_LAYER_LINK_INFO) info = find<Info>(info->pNext, type);
    return info;
}

VKAPI_ATTR VkResult VKAPI_CALL CreateInstance(const VkInstanceCreateInfo* info,
                                              const VkAllocationCallbacks* allocator, VkInstance* instance) {
    auto* after = link<VkLayerInstanceCreateInfo>(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
    next_in_instance = after->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    after->u.pLayerInfo = after->u.pLayerInfo->pNext;
    the_instance = VK_NULL_HANDLE;
    const VkResult result = NEXT(CreateInstance)(info, allocator, instance);
    if (result == VK_SUCCESS) the_instance = *instance;
    return result;
}

VKAPI_ATTR void VKAPI_CALL GetPhysicalDeviceProperties(VkPhysicalDevice device,
                                                       VkPhysicalDeviceProperties* properties) {
    NEXT(GetPhysicalDeviceProperties)(device, properties);
    const std::string name = part(setting("VOLUMEN_DEVICE_NAMES"), index_of(device), ',');
    if (!name.empty())
        std::snprintf(properties->deviceName, sizeof properties->deviceName, "%s", name.c_str());
    if (hides(device, "Vulkan_1_2")) properties->apiVersion = VK_API_VERSION_1_1;
}

#define FEATURE(name) \
    { #name, &VkPhysicalDeviceVulkan12Features::name }
const std::map<std::string, VkBool32 VkPhysicalDeviceVulkan12Features::*> kFeatures{
    FEATURE(hostQueryReset), FEATURE(subgroupBroadcastDynamicId)};

VKAPI_ATTR void VKAPI_CALL GetPhysicalDeviceFeatures2(VkPhysicalDevice device,
                                                      VkPhysicalDeviceFeatures2* features) {
    NEXT(GetPhysicalDeviceFeatures2)(device, features);
    auto* features12 = find<VkPhysicalDeviceVulkan12Features>(
        features, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES);
    for (const auto& [name, feature] : kFeatures)
        if (features12 && hides(device, name.c_str())) features12->*feature = VK_FALSE;
}

VKAPI_ATTR VkResult VKAPI_CALL EnumerateDeviceExtensionProperties(VkPhysicalDevice device, const char* layer,
                                                                  std::uint32_t* count,
                                                                  VkExtensionProperties* properties) {
    std::uint32_t all_count = 0;
    NEXT(EnumerateDeviceExtensionProperties)(device, layer, &all_count, nullptr);
    std::vector<VkExtensionProperties> all(all_count);
    NEXT(EnumerateDeviceExtensionProperties)(device, layer, &all_count, all.data());
    std::erase_if(all, [&](const auto& e) { return hides(device, e.extensionName); });
    const auto room = properties ? *count : 0;
    *count = properties ? std::min(room, std::uint32_t(all.size())) : std::uint32_t(all.size());
    if (!properties) return VK_SUCCESS;
    std::copy_n(all.begin(), *count, properties);
    return room < all.size() ? VK_INCOMPLETE : VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo* info,
                                            const VkAllocationCallbacks* allocator, VkDevice* device) {
    for (std::uint32_t i = 0; i < info->enabledExtensionCount; ++i)
        if (hides(physical, info->ppEnabledExtensionNames[i])) return VK_ERROR_EXTENSION_NOT_PRESENT;
    const auto* features12 =
        find<VkPhysicalDeviceVulkan12Features>(info, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES);
    for (const auto& [name, feature] : kFeatures)
        if (features12 && features12->*feature && hides(physical, name.c_str()))
            return VK_ERROR_FEATURE_NOT_PRESENT;
    auto* after = link<VkLayerDeviceCreateInfo>(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
    next_in_device = after->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    after->u.pLayerInfo = after->u.pLayerInfo->pNext;
    const VkResult result = NEXT(CreateDevice)(physical, info, allocator, device);
    if (result == VK_SUCCESS) the_device = *device;
    return result;
}

/// How this call is to end, by VOLUMEN_FAIL.
VkResult accident(const char* call) {
    if (lost_surface && lost_surface == shown_surface) return VK_ERROR_SURFACE_LOST_KHR;
    static const std::string asked = setting("VOLUMEN_FAIL");
    if (part(asked, 0, ':') != call) return VK_SUCCESS;
    static unsigned long calls = 0;
    if (++calls % std::stoul(part(asked, 2, ':')) != 0) return VK_SUCCESS;
    const std::string result = part(asked, 1, ':');
    if (result == "surface_lost") lost_surface = shown_surface;
    return result == "out_of_date"    ? VK_ERROR_OUT_OF_DATE_KHR
           : result == "suboptimal"   ? VK_SUBOPTIMAL_KHR
           : result == "surface_lost" ? VK_ERROR_SURFACE_LOST_KHR
                                      : VK_ERROR_DEVICE_LOST;
}

VKAPI_ATTR VkResult VKAPI_CALL AcquireNextImageKHR(VkDevice device, VkSwapchainKHR swapchain,
                                                   std::uint64_t timeout, VkSemaphore semaphore,
                                                   VkFence fence, std::uint32_t* image) {
    const VkResult wanted = accident("acquire");
    if (wanted < 0) return wanted;
    const VkResult result =
        NEXT_IN_DEVICE(AcquireNextImageKHR)(device, swapchain, timeout, semaphore, fence, image);
    return result == VK_SUCCESS ? wanted : result;
}

VKAPI_ATTR VkResult VKAPI_CALL QueuePresentKHR(VkQueue queue, const VkPresentInfoKHR* info) {
    // Errors or not, the semaphores are waited for.
    const VkResult result = NEXT_IN_DEVICE(QueuePresentKHR)(queue, info), wanted = accident("present");
    const std::string presented = setting("VOLUMEN_PRESENTED");
    if (FILE* file = presented.empty() ? nullptr : std::fopen(presented.c_str(), "a"))
        std::fputc('.', file), std::fclose(file);
    return result == VK_SUCCESS ? wanted : result;
}

VKAPI_ATTR VkResult VKAPI_CALL GetPhysicalDeviceSurfaceCapabilitiesKHR(
    VkPhysicalDevice device, VkSurfaceKHR surface, VkSurfaceCapabilitiesKHR* capabilities) {
    if (surface == lost_surface) return VK_ERROR_SURFACE_LOST_KHR;
    return NEXT(GetPhysicalDeviceSurfaceCapabilitiesKHR)(device, surface, capabilities);
}

VKAPI_ATTR VkResult VKAPI_CALL CreateSwapchainKHR(VkDevice device, const VkSwapchainCreateInfoKHR* info,
                                                  const VkAllocationCallbacks* allocator,
                                                  VkSwapchainKHR* swapchain) {
    if (info->surface == lost_surface) return VK_ERROR_SURFACE_LOST_KHR;
    shown_surface = info->surface;
    return NEXT_IN_DEVICE(CreateSwapchainKHR)(device, info, allocator, swapchain);
}

VKAPI_ATTR void VKAPI_CALL DestroySurfaceKHR(VkInstance instance, VkSurfaceKHR surface,
                                             const VkAllocationCallbacks* allocator) {
    if (surface == lost_surface) lost_surface = VK_NULL_HANDLE;
    NEXT(DestroySurfaceKHR)(instance, surface, allocator);
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL GetInstanceProcAddr(VkInstance instance, const char* name);
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL GetDeviceProcAddr(VkDevice device, const char* name);

#define OURS(function) \
    { "vk" #function, reinterpret_cast<PFN_vkVoidFunction>(function) }
const std::map<std::string, PFN_vkVoidFunction> kOurs{OURS(GetInstanceProcAddr),
                                                      OURS(GetDeviceProcAddr),
                                                      OURS(CreateInstance),
                                                      OURS(GetPhysicalDeviceProperties),
                                                      OURS(GetPhysicalDeviceFeatures2),
                                                      OURS(EnumerateDeviceExtensionProperties),
                                                      OURS(CreateDevice),
                                                      OURS(AcquireNextImageKHR),
                                                      OURS(QueuePresentKHR),
                                                      OURS(GetPhysicalDeviceSurfaceCapabilitiesKHR),
                                                      OURS(CreateSwapchainKHR),
                                                      OURS(DestroySurfaceKHR)};

PFN_vkVoidFunction GetInstanceProcAddr(VkInstance instance, const char* name) {
    const auto found = kOurs.find(name);
    return found != kOurs.end() ? found->second : next_in_instance(instance, name);
}

PFN_vkVoidFunction GetDeviceProcAddr(VkDevice device, const char* name) {
    const auto found = kOurs.find(name);
    return found != kOurs.end() ? found->second : next_in_device(device, name);
}

}  // namespace

extern "C" VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface* version) {
    version->loaderLayerInterfaceVersion = 2;
    version->pfnGetInstanceProcAddr = GetInstanceProcAddr;
    version->pfnGetDeviceProcAddr = GetDeviceProcAddr;
    version->pfnGetPhysicalDeviceProcAddr = nullptr;
    return VK_SUCCESS;
}
