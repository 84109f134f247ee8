#include "shaders/gpu/kernel.h"

#include <algorithm>
#include <stdexcept>

namespace volumen::gpu {

namespace {
/// Sets of bindings a descriptor pool holds; a kernel sees a handful between two reallocations.
constexpr std::uint32_t kSetsPerPool = 8;
}  // namespace

std::vector<VkDescriptorType> storage_buffers(std::size_t count) {
    return std::vector<VkDescriptorType>(count, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER);
}

Kernel::Kernel(Device& device, const KernelParams& params)
    : device_(device), types_(params.bindings), constants_bytes_(params.constants_bytes) {
    std::vector<VkDescriptorSetLayoutBinding> layout_bindings;
    for (std::uint32_t i = 0; i < types_.size(); ++i)
        layout_bindings.push_back({i, types_[i], 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr});
    VkDescriptorSetLayoutCreateInfo set_info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
    set_info.bindingCount = std::uint32_t(layout_bindings.size());
    set_info.pBindings = layout_bindings.data();
    check(vkCreateDescriptorSetLayout(device.handle, &set_info, nullptr, &set_layout_),
          "vkCreateDescriptorSetLayout");

    const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, params.constants_bytes};
    VkPipelineLayoutCreateInfo layout_info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
    layout_info.setLayoutCount = 1;
    layout_info.pSetLayouts = &set_layout_;
    layout_info.pushConstantRangeCount = params.constants_bytes ? 1 : 0;
    layout_info.pPushConstantRanges = &range;
    check(vkCreatePipelineLayout(device.handle, &layout_info, nullptr, &layout_), "vkCreatePipelineLayout");

    VkShaderModuleCreateInfo module_info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
    module_info.codeSize = params.code.size_bytes();
    module_info.pCode = params.code.data();
    VkShaderModule module = VK_NULL_HANDLE;
    check(vkCreateShaderModule(device.handle, &module_info, nullptr, &module), "vkCreateShaderModule");

    std::vector<VkSpecializationMapEntry> entries;
    for (std::uint32_t i = 0; i < params.specialisation.size(); ++i)
        entries.push_back({i, std::uint32_t(i * sizeof(std::uint32_t)), sizeof(std::uint32_t)});
    VkSpecializationInfo specialisation{};
    specialisation.mapEntryCount = std::uint32_t(entries.size());
    specialisation.pMapEntries = entries.data();
    specialisation.dataSize = params.specialisation.size() * sizeof(std::uint32_t);
    specialisation.pData = params.specialisation.data();

    VkPipelineShaderStageRequiredSubgroupSizeCreateInfoEXT required{
        VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO_EXT};
    required.requiredSubgroupSize = device.subgroup_size;
    VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
    info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    if (device.subgroup_size_control) {
        info.stage.pNext = &required;
        info.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT_EXT;
    }
    info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    info.stage.module = module;
    info.stage.pName = "main";
    info.stage.pSpecializationInfo = &specialisation;
    info.layout = layout_;
    const VkResult result =
        vkCreateComputePipelines(device.handle, VK_NULL_HANDLE, 1, &info, nullptr, &pipeline_);
    vkDestroyShaderModule(device.handle, module, nullptr);
    check(result, "vkCreateComputePipelines");
}

Kernel::~Kernel() {
    forget_bindings();
    vkDestroyPipeline(device_.handle, pipeline_, nullptr);
    vkDestroyPipelineLayout(device_.handle, layout_, nullptr);
    vkDestroyDescriptorSetLayout(device_.handle, set_layout_, nullptr);
}

void Kernel::forget_bindings() {
    for (VkDescriptorPool pool : pools_) vkDestroyDescriptorPool(device_.handle, pool, nullptr);
    pools_.clear();
    sets_.clear();
}

VkDescriptorSet Kernel::find_set(const std::vector<Binding>& bindings) {
    for (const auto& [known, set] : sets_)
        if (known == bindings) return set;

    if (sets_.size() == pools_.size() * kSetsPerPool) {
        std::vector<VkDescriptorPoolSize> sizes;
        for (VkDescriptorType type : types_) sizes.push_back({type, kSetsPerPool});
        VkDescriptorPoolCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
        info.maxSets = kSetsPerPool;
        info.poolSizeCount = std::uint32_t(sizes.size());
        info.pPoolSizes = sizes.data();
        VkDescriptorPool pool = VK_NULL_HANDLE;
        check(vkCreateDescriptorPool(device_.handle, &info, nullptr, &pool), "vkCreateDescriptorPool");
        pools_.push_back(pool);
    }
    VkDescriptorSetAllocateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
    info.descriptorPool = pools_.back();
    info.descriptorSetCount = 1;
    info.pSetLayouts = &set_layout_;
    VkDescriptorSet set = VK_NULL_HANDLE;
    check(vkAllocateDescriptorSets(device_.handle, &info, &set), "vkAllocateDescriptorSets");

    std::vector<VkDescriptorBufferInfo> buffers(bindings.size());
    std::vector<VkDescriptorImageInfo> images(bindings.size());
    std::vector<VkWriteDescriptorSet> writes(bindings.size());
    for (std::uint32_t i = 0; i < bindings.size(); ++i) {
        buffers[i] = {bindings[i].buffer, 0, VK_WHOLE_SIZE};
        images[i] = {VK_NULL_HANDLE, bindings[i].view, VK_IMAGE_LAYOUT_GENERAL};
        writes[i] = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
        writes[i].dstSet = set;
        writes[i].dstBinding = i;
        writes[i].descriptorCount = 1;
        writes[i].descriptorType = bindings[i].type;
        writes[i].pBufferInfo = &buffers[i];
        writes[i].pImageInfo = &images[i];
    }
    vkUpdateDescriptorSets(device_.handle, std::uint32_t(writes.size()), writes.data(), 0, nullptr);
    sets_.emplace_back(bindings, set);
    return set;
}

void Kernel::launch(VkCommandBuffer commands, const std::vector<Binding>& bindings, const void* constants,
                    std::uint32_t constants_bytes, std::uint32_t groups) {
    if (constants_bytes != constants_bytes_ ||
        !std::equal(bindings.begin(), bindings.end(), types_.begin(), types_.end(),
                    [](const Binding& b, VkDescriptorType type) { return b.type == type; }))
        throw std::logic_error("a kernel was launched with other bindings than it declares");
    const VkDescriptorSet set = find_set(bindings);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline_);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout_, 0, 1, &set, 0, nullptr);
    if (constants_bytes)
        vkCmdPushConstants(commands, layout_, VK_SHADER_STAGE_COMPUTE_BIT, 0, constants_bytes, constants);
    const std::uint32_t across = std::min(groups, kGroupsAcross);
    if (groups) vkCmdDispatch(commands, across, (groups + across - 1) / across, 1);
}

}  // namespace volumen::gpu
