#include "tests/bench/quads/quads.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <glm/gtc/packing.hpp>

#include "shaders/gpu/frame_log.h"
#include "shaders/project/project.h"
#include "shaders/sort/radix_sort.h"

namespace volumen::bench {

namespace {

constexpr std::uint32_t kVertexCode[] =
#include "quads/quad.vert.inc"
    ;
constexpr std::uint32_t kFragmentCode[] =
#include "quads/quad.frag.inc"
    ;
constexpr VkFormat kFormat = VK_FORMAT_R16G16B16A16_SFLOAT;
constexpr std::uint32_t kBuffers = 3;

struct Constants {
    float size[2];
    std::uint32_t count;
};

using gpu::check;

}  // namespace

struct Quads::State {
    gpu::Device& device;
    Camera camera;
    gpu::SplatBuffers splats{device};
    gpu::Project project{device};
    gpu::RadixSort sort{device};
    gpu::FrameLog log{device};
    gpu::Buffer counters, read_back;
    gpu::Image target;
    VkRenderPass pass = VK_NULL_HANDLE;
    VkFramebuffer framebuffer = VK_NULL_HANDLE;
    VkDescriptorSetLayout set_layout = VK_NULL_HANDLE;
    VkDescriptorPool pool = VK_NULL_HANDLE;
    VkDescriptorSet set = VK_NULL_HANDLE;
    VkPipelineLayout layout = VK_NULL_HANDLE;
    VkPipeline pipeline = VK_NULL_HANDLE;

    State(gpu::Device& d, const SplatCloud& cloud, const Camera& c);
    ~State();
    void create_pass();
    void create_set();
    void create_pipeline();
    VkShaderModule module(std::span<const std::uint32_t> code) const;
    void record(VkCommandBuffer commands, std::uint32_t visible);
};

Quads::State::State(gpu::Device& d, const SplatCloud& cloud, const Camera& c)
    : device(d),
      camera(c),
      counters(d, gpu::kCounterWords * sizeof(std::uint32_t), gpu::Residence::device, "counters"),
      read_back(d, std::uint64_t(c.width) * c.height * 8, gpu::Residence::download, "the picture"),
      target(d, c.width, c.height, kFormat,
             VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT, "the picture") {
    const auto count = std::uint32_t(cloud.count);
    splats.reserve(count, cloud.sh_degree);
    splats.upload(cloud);
    project.reserve(count);
    sort.reserve(count);
    create_pass();
    create_set();
    create_pipeline();
}

Quads::State::~State() {
    vkDeviceWaitIdle(device.handle);
    vkDestroyPipeline(device.handle, pipeline, nullptr);
    vkDestroyPipelineLayout(device.handle, layout, nullptr);
    vkDestroyDescriptorPool(device.handle, pool, nullptr);
    vkDestroyDescriptorSetLayout(device.handle, set_layout, nullptr);
    vkDestroyFramebuffer(device.handle, framebuffer, nullptr);
    vkDestroyRenderPass(device.handle, pass, nullptr);
}

void Quads::State::create_pass() {
    VkAttachmentDescription attachment{};
    attachment.format = kFormat;
    attachment.samples = VK_SAMPLE_COUNT_1_BIT;
    attachment.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
    attachment.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
    attachment.stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE;
    attachment.stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE;
    attachment.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED;
    attachment.finalLayout = VK_IMAGE_LAYOUT_GENERAL;
    const VkAttachmentReference colour{0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
    VkSubpassDescription subpass{};
    subpass.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS;
    subpass.colorAttachmentCount = 1, subpass.pColorAttachments = &colour;
    VkRenderPassCreateInfo info{VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO};
    info.attachmentCount = 1, info.pAttachments = &attachment;
    info.subpassCount = 1, info.pSubpasses = &subpass;
    check(vkCreateRenderPass(device.handle, &info, nullptr, &pass), "vkCreateRenderPass");
    VkFramebufferCreateInfo frame{VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO};
    frame.renderPass = pass;
    frame.attachmentCount = 1, frame.pAttachments = &target.view;
    frame.width = std::uint32_t(camera.width), frame.height = std::uint32_t(camera.height), frame.layers = 1;
    check(vkCreateFramebuffer(device.handle, &frame, nullptr, &framebuffer), "vkCreateFramebuffer");
}

void Quads::State::create_set() {
    std::array<VkDescriptorSetLayoutBinding, kBuffers> bindings{};
    for (std::uint32_t i = 0; i < kBuffers; ++i)
        bindings[i] = {i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_VERTEX_BIT, nullptr};
    VkDescriptorSetLayoutCreateInfo set_info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
    set_info.bindingCount = kBuffers, set_info.pBindings = bindings.data();
    check(vkCreateDescriptorSetLayout(device.handle, &set_info, nullptr, &set_layout), "a set layout");
    const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, kBuffers};
    VkDescriptorPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
    pool_info.maxSets = 1, pool_info.poolSizeCount = 1, pool_info.pPoolSizes = &size;
    check(vkCreateDescriptorPool(device.handle, &pool_info, nullptr, &pool), "vkCreateDescriptorPool");
    VkDescriptorSetAllocateInfo allocate{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
    allocate.descriptorPool = pool;
    allocate.descriptorSetCount = 1, allocate.pSetLayouts = &set_layout;
    check(vkAllocateDescriptorSets(device.handle, &allocate, &set), "vkAllocateDescriptorSets");
    const VkDescriptorBufferInfo buffers[kBuffers] = {
        {sort.order(gpu::kDepthKeyBits).handle, 0, VK_WHOLE_SIZE},
        {project.ellipses().handle, 0, VK_WHOLE_SIZE},
        {project.looks().handle, 0, VK_WHOLE_SIZE}};
    for (std::uint32_t i = 0; i < kBuffers; ++i) {
        VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
        write.dstSet = set, write.dstBinding = i, write.descriptorCount = 1;
        write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, write.pBufferInfo = &buffers[i];
        vkUpdateDescriptorSets(device.handle, 1, &write, 0, nullptr);
    }
}

VkShaderModule Quads::State::module(std::span<const std::uint32_t> code) const {
    VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
    info.codeSize = code.size_bytes(), info.pCode = code.data();
    VkShaderModule out = VK_NULL_HANDLE;
    check(vkCreateShaderModule(device.handle, &info, nullptr, &out), "vkCreateShaderModule");
    return out;
}

void Quads::State::create_pipeline() {
    const VkPushConstantRange range{VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(Constants)};
    VkPipelineLayoutCreateInfo layout_info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
    layout_info.setLayoutCount = 1, layout_info.pSetLayouts = &set_layout;
    layout_info.pushConstantRangeCount = 1, layout_info.pPushConstantRanges = &range;
    check(vkCreatePipelineLayout(device.handle, &layout_info, nullptr, &layout), "vkCreatePipelineLayout");

    std::array<VkPipelineShaderStageCreateInfo, 2> stages{};
    const VkShaderModule modules[2] = {module(kVertexCode), module(kFragmentCode)};
    for (std::size_t i = 0; i < 2; ++i) {
        stages[i].sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
        stages[i].stage = i ? VK_SHADER_STAGE_FRAGMENT_BIT : VK_SHADER_STAGE_VERTEX_BIT;
        stages[i].module = modules[i], stages[i].pName = "main";
    }
    const VkPipelineVertexInputStateCreateInfo vertices{
        VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO};
    VkPipelineInputAssemblyStateCreateInfo assembly{
        VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO};
    assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP;
    const VkViewport viewport{0, 0, float(camera.width), float(camera.height), 0, 1};
    const VkRect2D scissor{{0, 0}, {std::uint32_t(camera.width), std::uint32_t(camera.height)}};
    VkPipelineViewportStateCreateInfo view{VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO};
    view.viewportCount = 1, view.pViewports = &viewport, view.scissorCount = 1, view.pScissors = &scissor;
    VkPipelineRasterizationStateCreateInfo raster{VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO};
    raster.lineWidth = 1;
    VkPipelineMultisampleStateCreateInfo samples{VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO};
    samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
    VkPipelineColorBlendAttachmentState over{};
    over.blendEnable = VK_TRUE;
    over.srcColorBlendFactor = over.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE;
    over.dstColorBlendFactor = over.dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
    over.colorWriteMask = VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT | VK_COLOR_COMPONENT_B_BIT |
                          VK_COLOR_COMPONENT_A_BIT;
    VkPipelineColorBlendStateCreateInfo blend{VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO};
    blend.attachmentCount = 1, blend.pAttachments = &over;
    VkGraphicsPipelineCreateInfo info{VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO};
    info.stageCount = 2, info.pStages = stages.data();
    info.pVertexInputState = &vertices, info.pInputAssemblyState = &assembly, info.pViewportState = &view;
    info.pRasterizationState = &raster, info.pMultisampleState = &samples, info.pColorBlendState = &blend;
    info.layout = layout, info.renderPass = pass;
    const VkResult result =
        vkCreateGraphicsPipelines(device.handle, VK_NULL_HANDLE, 1, &info, nullptr, &pipeline);
    for (const VkShaderModule m : modules) vkDestroyShaderModule(device.handle, m, nullptr);
    check(result, "vkCreateGraphicsPipelines");
}

void Quads::State::record(VkCommandBuffer commands, std::uint32_t visible) {
    log.begin(commands, splats.count());
    log.mark(commands, 1);
    constexpr std::array<std::uint32_t, gpu::kCounterWords> kNone{0xffffffffu, 0, 0, 0, 0};
    vkCmdUpdateBuffer(commands, counters.handle, 0, sizeof kNone, kNone.data());
    gpu::barrier(commands);
    project.record(commands, splats, camera, RenderSettings{}, sort.keys(), counters);
    gpu::barrier(commands);
    log.mark(commands, 2);
    sort.record(commands, splats.count(), gpu::kDepthKeyBits, counters);
    log.mark(commands, 3);

    VkMemoryBarrier to_vertices{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
    to_vertices.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
    to_vertices.dstAccessMask = VK_ACCESS_SHADER_READ_BIT;
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_VERTEX_SHADER_BIT,
                         0, 1, &to_vertices, 0, nullptr, 0, nullptr);
    const VkClearValue clear{};
    VkRenderPassBeginInfo begin{VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO};
    begin.renderPass = pass, begin.framebuffer = framebuffer;
    begin.renderArea = {{0, 0}, {std::uint32_t(camera.width), std::uint32_t(camera.height)}};
    begin.clearValueCount = 1, begin.pClearValues = &clear;
    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, layout, 0, 1, &set, 0, nullptr);
    const Constants constants{{float(camera.width), float(camera.height)}, visible};
    vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof constants, &constants);
    vkCmdDraw(commands, 4, visible, 0, 0);
    vkCmdEndRenderPass(commands);
    gpu::barrier(commands);
    log.mark(commands, 4);
    log.end(commands, counters);
}

Quads::Quads(gpu::Device& device, const SplatCloud& cloud, const Camera& camera)
    : state_(std::make_unique<State>(device, cloud, camera)) {}
Quads::~Quads() = default;

QuadTimes Quads::draw(std::uint32_t visible) {
    State& s = *state_;
    s.device.run([&](VkCommandBuffer commands) { s.record(commands, visible); });
    const auto finished = s.log.poll();
    if (!finished) return {};
    const auto& ms = finished->milliseconds;
    return {ms[1], ms[2], ms[3], ms[1] + ms[2] + ms[3]};
}

Image8 Quads::picture() {
    State& s = *state_;
    s.device.run([&](VkCommandBuffer commands) {
        VkBufferImageCopy region{};
        region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
        region.imageExtent = {std::uint32_t(s.camera.width), std::uint32_t(s.camera.height), 1};
        vkCmdCopyImageToBuffer(commands, s.target.handle, VK_IMAGE_LAYOUT_GENERAL, s.read_back.handle, 1,
                               &region);
        gpu::barrier(commands, true);
    });
    Image8 out(s.camera.width, s.camera.height, 4);
    for (std::size_t i = 0; i < out.pixels.size() / 4; ++i) {
        std::uint64_t halves;
        std::memcpy(&halves, s.read_back.mapped + 8 * i, 8);
        const glm::vec4 rgba = glm::unpackHalf4x16(halves);
        for (int c = 0; c < 4; ++c) {
            const float value = c < 3 ? rgba[c] + 1 - rgba.a : rgba.a;
            out.pixels[4 * i + std::size_t(c)] =
                std::uint8_t(std::lround(255 * std::clamp(value, 0.0f, 1.0f)));
        }
    }
    return out;
}

}  // namespace volumen::bench
