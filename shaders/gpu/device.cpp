#include "shaders/gpu/device.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "formats/core/error.h"

namespace volumen::gpu {

namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";
constexpr const char* kInstallDriver =
    "install a Vulkan driver (Debian and Ubuntu: mesa-vulkan-drivers, which also has a software device; "
    "NVIDIA: the vendor's driver)";

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                          VkDebugUtilsMessageTypeFlagsEXT,
                                          const VkDebugUtilsMessengerCallbackDataEXT* data, void* counter) {
    ++*static_cast<std::atomic<std::uint64_t>*>(counter);
    std::fprintf(stderr, "vulkan: %s\n", data->pMessage);
    return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messenger_info(std::atomic<std::uint64_t>* counter) {
    VkDebugUtilsMessengerCreateInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
    info.messageSeverity =
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    // Not its advice on performance: layout GENERAL is what an image has that shaders write and all copy.
    info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
    info.pfnUserCallback = on_message;
    info.pUserData = counter;
    return info;
}

bool has_layer(const char* name) {
    std::uint32_t count = 0;
    vkEnumerateInstanceLayerProperties(&count, nullptr);
    std::vector<VkLayerProperties> layers(count);
    vkEnumerateInstanceLayerProperties(&count, layers.data());
    return std::any_of(layers.begin(), layers.end(),
                       [&](const auto& layer) { return std::strcmp(layer.layerName, name) == 0; });
}

bool has_extension(VkPhysicalDevice device, const char* name) {
    std::uint32_t count = 0;
    vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
    std::vector<VkExtensionProperties> extensions(count);
    vkEnumerateDeviceExtensionProperties(device, nullptr, &count, extensions.data());
    return std::any_of(extensions.begin(), extensions.end(),
                       [&](const auto& e) { return std::strcmp(e.extensionName, name) == 0; });
}

/// The family that can do everything, or -1.
int queue_family_of(VkPhysicalDevice device) {
    std::uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
    constexpr VkQueueFlags kWanted = VK_QUEUE_COMPUTE_BIT | VK_QUEUE_GRAPHICS_BIT;
    for (std::uint32_t i = 0; i < count; ++i)
        if ((families[i].queueFlags & kWanted) == kWanted) return int(i);
    return -1;
}

struct Candidate {
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    VkPhysicalDeviceProperties properties{};
    VkPhysicalDeviceSubgroupProperties subgroup{};
    int family = -1;
    bool host_query_reset = false;
    std::string missing;  ///< what the shaders need and the device lacks; empty: usable
};

Candidate inspect(VkPhysicalDevice physical, bool swapchain) {
    Candidate c{physical, {}, {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES}, -1, false, {}};
    vkGetPhysicalDeviceProperties(physical, &c.properties);
    if (c.properties.apiVersion < VK_API_VERSION_1_2) {
        c.missing = "Vulkan 1.2";
        return c;
    }
    VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &c.subgroup, {}};
    vkGetPhysicalDeviceProperties2(physical, &properties);
    VkPhysicalDeviceVulkan12Features features12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
    VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &features12, {}};
    vkGetPhysicalDeviceFeatures2(physical, &features);
    c.family = queue_family_of(physical);
    c.host_query_reset = features12.hostQueryReset;

    constexpr VkSubgroupFeatureFlags kOperations =
        VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_VOTE_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT |
        VK_SUBGROUP_FEATURE_BALLOT_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
    if (c.family < 0)
        c.missing = "a queue for compute and graphics";
    else if (!(c.subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) ||
             (c.subgroup.supportedOperations & kOperations) != kOperations)
        c.missing = "subgroup vote, arithmetic, ballot and shuffle in compute shaders";
    else if (c.subgroup.subgroupSize < kMinSubgroup || c.subgroup.subgroupSize > kMaxSubgroup)
        c.missing = fmt::format("a subgroup size from {} to {} (it has {})", kMinSubgroup, kMaxSubgroup,
                                c.subgroup.subgroupSize);
    else if (!features12.subgroupBroadcastDynamicId)
        c.missing = "subgroupBroadcastDynamicId";
    else if (swapchain && !has_extension(physical, VK_KHR_SWAPCHAIN_EXTENSION_NAME))
        c.missing = VK_KHR_SWAPCHAIN_EXTENSION_NAME;
    return c;
}

int preference(VkPhysicalDeviceType type) {
    switch (type) {
        case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
            return 4;
        case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
            return 3;
        case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
            return 2;
        case VK_PHYSICAL_DEVICE_TYPE_CPU:
            return 1;
        default:
            return 0;
    }
}

std::string list_of(const std::vector<Candidate>& candidates) {
    std::string text;
    for (std::size_t i = 0; i < candidates.size(); ++i)
        text += fmt::format("{}{} \"{}\"", i ? ", " : "", i, candidates[i].properties.deviceName);
    return text;
}

/// The best of those that `name` may mean, the first of equals; nothing where there is none.
const Candidate* best_of(const std::vector<Candidate>& candidates, const std::string& name, bool usable) {
    const Candidate* best = nullptr;
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    const bool is_index = !name.empty() && error == std::errc() && end == name.data() + name.size();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Candidate& c = candidates[i];
        if (usable && !c.missing.empty()) continue;
        if (is_index ? i != index : std::string(c.properties.deviceName).find(name) == std::string::npos)
            continue;
        if (!best || preference(c.properties.deviceType) > preference(best->properties.deviceType)) best = &c;
    }
    return best;
}

/// The candidate to be used; `note`: Device's.
const Candidate& choose(const std::vector<Candidate>& candidates, const std::string& name,
                        std::string& note) {
    const Candidate* best = best_of(candidates, name, false);
    if (!best) throw InputError("no Vulkan device is called {}; there are: {}", name, list_of(candidates));
    if (best->missing.empty()) return *best;
    const Candidate* next_best = best_of(candidates, name, true);
    if (!next_best)
        throw InputError("Vulkan device \"{}\" lacks {}; update its driver or choose another device: {}",
                         best->properties.deviceName, best->missing, list_of(candidates));
    note = fmt::format("GPU \"{}\" is passed over: it lacks {}; drawing with \"{}\"",
                       best->properties.deviceName, best->missing, next_best->properties.deviceName);
    return *next_best;
}

/// As the specification writes it: what users find when they search for it.
std::string name_of(VkResult result) {
#define NAME(name) \
    { name, #name }
    static const std::map<VkResult, const char*> kNames{NAME(VK_TIMEOUT),
                                                        NAME(VK_ERROR_INITIALIZATION_FAILED),
                                                        NAME(VK_ERROR_DEVICE_LOST),
                                                        NAME(VK_ERROR_MEMORY_MAP_FAILED),
                                                        NAME(VK_ERROR_LAYER_NOT_PRESENT),
                                                        NAME(VK_ERROR_EXTENSION_NOT_PRESENT),
                                                        NAME(VK_ERROR_FEATURE_NOT_PRESENT),
                                                        NAME(VK_ERROR_INCOMPATIBLE_DRIVER),
                                                        NAME(VK_ERROR_TOO_MANY_OBJECTS),
                                                        NAME(VK_ERROR_FORMAT_NOT_SUPPORTED),
                                                        NAME(VK_ERROR_FRAGMENTED_POOL),
                                                        NAME(VK_ERROR_UNKNOWN),
                                                        NAME(VK_ERROR_OUT_OF_POOL_MEMORY),
                                                        NAME(VK_ERROR_FRAGMENTATION),
                                                        NAME(VK_ERROR_SURFACE_LOST_KHR),
                                                        NAME(VK_ERROR_NATIVE_WINDOW_IN_USE_KHR),
                                                        NAME(VK_ERROR_OUT_OF_DATE_KHR)};
#undef NAME
    const auto it = kNames.find(result);
    return it != kNames.end() ? it->second : fmt::format("VkResult {}", int(result));
}

}  // namespace

void check(VkResult result, const char* what) {
    if (result == VK_SUCCESS) return;
    if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY)
        throw InputError("Vulkan: out of memory in {}; use fewer splats or a smaller image", what);
    if (result == VK_ERROR_DEVICE_LOST)
        throw std::runtime_error(
            fmt::format("Vulkan: the GPU stopped working ({} in {}); start again, and where that does not "
                        "help, update its driver or choose another device",
                        name_of(result), what));
    throw std::runtime_error(fmt::format("Vulkan: {} failed: {}", what, name_of(result)));
}

struct Device::State {
    std::atomic<std::uint64_t> messages{0};
    VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
    VkCommandPool pool = VK_NULL_HANDLE;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkFence fence = VK_NULL_HANDLE;

    void create_instance(Device& device, const DeviceParams& params, bool validation);
    void create_device(Device& device, const Candidate& candidate, bool swapchain);
    void destroy(Device& device);
};

void Device::State::create_instance(Device& device, const DeviceParams& params, bool validation) {
    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.pApplicationName = "volumen";
    application.apiVersion = VK_API_VERSION_1_2;
    std::vector<const char*> extensions = params.instance_extensions;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    info.pApplicationInfo = &application;

    const std::array enabled{VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
    VkValidationFeaturesEXT features{VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT};
    features.enabledValidationFeatureCount = std::uint32_t(enabled.size());
    features.pEnabledValidationFeatures = enabled.data();
    VkDebugUtilsMessengerCreateInfoEXT debug = messenger_info(&messages);
    if (validation) {
        if (!has_layer(kValidationLayer))
            throw InputError("validation was asked for, but {} is missing; install vulkan-validationlayers",
                             kValidationLayer);
        extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
        info.ppEnabledLayerNames = &kValidationLayer;
        info.enabledLayerCount = 1;
        info.pNext = &features;
        features.pNext = &debug;
    }
    info.ppEnabledExtensionNames = extensions.data();
    info.enabledExtensionCount = std::uint32_t(extensions.size());
    const VkResult result = vkCreateInstance(&info, nullptr, &device.instance);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
        throw InputError("no Vulkan driver found; {}", kInstallDriver);
    if (result == VK_ERROR_EXTENSION_NOT_PRESENT)
        throw InputError("Vulkan lacks an extension that the window needs; {}", kInstallDriver);
    check(result, "vkCreateInstance");

    if (validation) {
        const auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
            vkGetInstanceProcAddr(device.instance, "vkCreateDebugUtilsMessengerEXT"));
        debug.pNext = nullptr;
        if (create)
            check(create(device.instance, &debug, nullptr, &messenger), "vkCreateDebugUtilsMessengerEXT");
    }
}

void Device::State::create_device(Device& device, const Candidate& candidate, bool swapchain) {
    device.physical = candidate.physical;
    device.queue_family = std::uint32_t(candidate.family);
    device.device_name = candidate.properties.deviceName;
    device.software = candidate.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    device.subgroup_size = candidate.subgroup.subgroupSize;
    device.limits = candidate.properties.limits;
    vkGetPhysicalDeviceMemoryProperties(device.physical, &device.memory);

    std::uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(device.physical, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(device.physical, &count, families.data());
    if (families[device.queue_family].timestampValidBits > 0 && candidate.host_query_reset)
        device.timestamp_period_ns = device.limits.timestampPeriod;

    const float priority = 1;
    VkDeviceQueueCreateInfo queue_info{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
    queue_info.queueFamilyIndex = device.queue_family;
    queue_info.queueCount = 1;
    queue_info.pQueuePriorities = &priority;
    std::vector<const char*> extensions;
    if (swapchain) extensions.push_back(VK_KHR_SWAPCHAIN_EXTENSION_NAME);

    VkPhysicalDeviceVulkan12Features features12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
    features12.hostQueryReset = candidate.host_query_reset;
    features12.subgroupBroadcastDynamicId = VK_TRUE;
    VkPhysicalDeviceSubgroupSizeControlFeaturesEXT size_control{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT};
    if (has_extension(device.physical, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) {
        VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &size_control, {}};
        vkGetPhysicalDeviceFeatures2(device.physical, &features);
        VkPhysicalDeviceSubgroupSizeControlPropertiesEXT range{
            VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES_EXT};
        VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &range, {}};
        vkGetPhysicalDeviceProperties2(device.physical, &properties);
        if (size_control.subgroupSizeControl && size_control.computeFullSubgroups &&
            (range.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT)) {
            device.subgroup_size_control = true;
            extensions.push_back(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
            size_control.pNext = nullptr;
            features12.pNext = &size_control;
        }
    }

    VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &features12};
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queue_info;
    info.enabledExtensionCount = std::uint32_t(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    check(vkCreateDevice(device.physical, &info, nullptr, &device.handle), "vkCreateDevice");
    vkGetDeviceQueue(device.handle, device.queue_family, 0, &device.queue);

    VkCommandPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
    pool_info.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
    pool_info.queueFamilyIndex = device.queue_family;
    check(vkCreateCommandPool(device.handle, &pool_info, nullptr, &pool), "vkCreateCommandPool");
    VkCommandBufferAllocateInfo buffer_info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
    buffer_info.commandPool = pool;
    buffer_info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    buffer_info.commandBufferCount = 1;
    check(vkAllocateCommandBuffers(device.handle, &buffer_info, &commands), "vkAllocateCommandBuffers");
    const VkFenceCreateInfo fence_info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    check(vkCreateFence(device.handle, &fence_info, nullptr, &fence), "vkCreateFence");
}

void Device::State::destroy(Device& device) {
    if (device.handle) {
        vkDeviceWaitIdle(device.handle);
        vkDestroyFence(device.handle, fence, nullptr);
        vkDestroyCommandPool(device.handle, pool, nullptr);
        vkDestroyDevice(device.handle, nullptr);
    }
    if (messenger) {
        const auto destroy_messenger = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
            vkGetInstanceProcAddr(device.instance, "vkDestroyDebugUtilsMessengerEXT"));
        if (destroy_messenger) destroy_messenger(device.instance, messenger, nullptr);
    }
    if (device.instance) vkDestroyInstance(device.instance, nullptr);
}

Device::Device(const DeviceParams& params) : state_(std::make_unique<State>()) {
    const char* asked = std::getenv("VOLUMEN_VALIDATION");
    const bool validation = params.validation || (asked && std::strcmp(asked, "1") == 0);
    try {
        state_->create_instance(*this, params, validation);
        std::uint32_t count = 0;
        check(vkEnumeratePhysicalDevices(instance, &count, nullptr), "vkEnumeratePhysicalDevices");
        std::vector<VkPhysicalDevice> devices(count);
        check(vkEnumeratePhysicalDevices(instance, &count, devices.data()), "vkEnumeratePhysicalDevices");
        if (count == 0) throw InputError("no Vulkan device found; {}", kInstallDriver);
        std::vector<Candidate> candidates;
        for (VkPhysicalDevice device : devices) candidates.push_back(inspect(device, params.swapchain));
        state_->create_device(*this, choose(candidates, params.name, note), params.swapchain);
    } catch (...) {
        state_->destroy(*this);
        throw;
    }
}

Device::~Device() {
    state_->destroy(*this);
}

std::uint64_t Device::validation_messages() const {
    return state_->messages;
}

std::uint64_t Device::local_heap_bytes() const {
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < memory.memoryHeapCount; ++i)
        if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
            bytes = std::max<std::uint64_t>(bytes, memory.memoryHeaps[i].size);
    return bytes;
}

void Device::run(const std::function<void(VkCommandBuffer)>& record) {
    VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(vkBeginCommandBuffer(state_->commands, &begin), "vkBeginCommandBuffer");
    record(state_->commands);
    check(vkEndCommandBuffer(state_->commands), "vkEndCommandBuffer");
    VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO};
    submit.commandBufferCount = 1;
    submit.pCommandBuffers = &state_->commands;
    check(vkResetFences(handle, 1, &state_->fence), "vkResetFences");
    check(vkQueueSubmit(queue, 1, &submit, state_->fence), "vkQueueSubmit");
    check(vkWaitForFences(handle, 1, &state_->fence, VK_TRUE, UINT64_MAX), "vkWaitForFences");
}

}  // namespace volumen::gpu
