#include "player/view/screen.h"

#include <algorithm>
#include <utility>

#include "formats/core/error.h"

namespace volumen {
namespace {

using gpu::check;

/// Display-referred 8-bit formats: what the renderer writes is what is shown. An _SRGB format would encode
/// it twice.
constexpr std::array kFormats{VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_R8G8B8A8_UNORM,
                              VK_FORMAT_A8B8G8R8_UNORM_PACK32};
/// Surfaces that may be lost one after the other, no picture between them, before playing ends.
constexpr int kMostLosses = 8;

void transition(VkCommandBuffer commands, VkImage image, VkImageLayout from, VkImageLayout to,
                VkPipelineStageFlags before, VkAccessFlags written, VkPipelineStageFlags after,
                VkAccessFlags used) {
    VkImageMemoryBarrier barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER};
    barrier.srcAccessMask = written, barrier.dstAccessMask = used;
    barrier.oldLayout = from, barrier.newLayout = to;
    barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    barrier.image = image;
    barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    vkCmdPipelineBarrier(commands, before, after, 0, 0, nullptr, 0, nullptr, 1, &barrier);
}

}  // namespace

Screen::Screen(gpu::Device& device, std::function<VkSurfaceKHR()> make_surface)
    : device_(device),
      make_surface_(std::move(make_surface)),
      surface_(make_surface_()),
      format_(choose_format()) {
    create_render_pass();
    create_slots();
}

Screen::~Screen() {
    destroy_surface();
    for (const Slot& slot : slots_) {
        vkDestroyFence(device_.handle, slot.done, nullptr);
        vkDestroySemaphore(device_.handle, slot.acquired, nullptr);
    }
    vkDestroyCommandPool(device_.handle, pool_, nullptr);
    vkDestroyRenderPass(device_.handle, render_pass_, nullptr);
}

/// And all that was made for it.
void Screen::destroy_surface() {
    vkDeviceWaitIdle(device_.handle);
    destroy_pictures();
    vkDestroySwapchainKHR(device_.handle, std::exchange(swapchain_, VK_NULL_HANDLE), nullptr);
    vkDestroySurfaceKHR(device_.instance, std::exchange(surface_, VK_NULL_HANDLE), nullptr);
}

VkSurfaceFormatKHR Screen::choose_format() const {
    std::uint32_t count = 0;
    check(vkGetPhysicalDeviceSurfaceFormatsKHR(device_.physical, surface_, &count, nullptr),
          "surface formats");
    std::vector<VkSurfaceFormatKHR> offered(count);
    check(vkGetPhysicalDeviceSurfaceFormatsKHR(device_.physical, surface_, &count, offered.data()),
          "surface formats");
    for (const VkFormat wanted : kFormats) {
        const auto found = std::ranges::find_if(offered, [&](const VkSurfaceFormatKHR& f) {
            return f.format == wanted && f.colorSpace == VK_COLOR_SPACE_SRGB_NONLINEAR_KHR;
        });
        if (found != offered.end()) return *found;
    }
    throw InputError("the display of {} offers no 8-bit RGB format; use --headless", device_.device_name);
}

void Screen::create_render_pass() {
    VkAttachmentDescription attachment{};
    attachment.format = format_.format;
    attachment.samples = VK_SAMPLE_COUNT_1_BIT;
    attachment.loadOp = VK_ATTACHMENT_LOAD_OP_LOAD;
    attachment.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
    attachment.stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE;
    attachment.stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE;
    attachment.initialLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    attachment.finalLayout = VK_IMAGE_LAYOUT_PRESENT_SRC_KHR;
    const VkAttachmentReference colour{0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
    VkSubpassDescription subpass{};
    subpass.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS;
    subpass.colorAttachmentCount = 1;
    subpass.pColorAttachments = &colour;
    // What comes after the pass: a copy for capture(), which has to see what was drawn.
    VkSubpassDependency after{};
    after.srcSubpass = 0, after.dstSubpass = VK_SUBPASS_EXTERNAL;
    after.srcStageMask = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT;
    after.srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT;
    after.dstStageMask = VK_PIPELINE_STAGE_TRANSFER_BIT;
    after.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
    VkRenderPassCreateInfo info{VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO};
    info.attachmentCount = 1, info.pAttachments = &attachment;
    info.subpassCount = 1, info.pSubpasses = &subpass;
    info.dependencyCount = 1, info.pDependencies = &after;
    check(vkCreateRenderPass(device_.handle, &info, nullptr, &render_pass_), "vkCreateRenderPass");
}

void Screen::create_slots() {
    VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
    pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
    pool.queueFamilyIndex = device_.queue_family;
    check(vkCreateCommandPool(device_.handle, &pool, nullptr, &pool_), "vkCreateCommandPool");
    VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
    allocate.commandPool = pool_;
    allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    allocate.commandBufferCount = 1;
    VkFenceCreateInfo fence{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    fence.flags = VK_FENCE_CREATE_SIGNALED_BIT;
    const VkSemaphoreCreateInfo semaphore{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, nullptr, 0};
    for (Slot& slot : slots_) {
        check(vkAllocateCommandBuffers(device_.handle, &allocate, &slot.commands),
              "vkAllocateCommandBuffers");
        check(vkCreateFence(device_.handle, &fence, nullptr, &slot.done), "vkCreateFence");
        check(vkCreateSemaphore(device_.handle, &semaphore, nullptr, &slot.acquired), "vkCreateSemaphore");
    }
}

bool Screen::fit(ViewSize framebuffer) {
    if (framebuffer.width <= 0 || framebuffer.height <= 0) return false;
    if (!out_of_date_ && framebuffer == size_) return true;
    if (surface_lost_) renew_surface();
    VkSurfaceCapabilitiesKHR capabilities{};
    if (!usable(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(device_.physical, surface_, &capabilities),
                "vkGetPhysicalDeviceSurfaceCapabilitiesKHR"))
        return false;
    VkExtent2D extent = capabilities.currentExtent;
    if (extent.width == UINT32_MAX) {  // the surface takes any size
        extent.width = std::clamp(std::uint32_t(framebuffer.width), capabilities.minImageExtent.width,
                                  capabilities.maxImageExtent.width);
        extent.height = std::clamp(std::uint32_t(framebuffer.height), capabilities.minImageExtent.height,
                                   capabilities.maxImageExtent.height);
    }
    if (extent.width == 0 || extent.height == 0) return false;
    return create_swapchain(capabilities, {int(extent.width), int(extent.height)});
}

bool Screen::usable(VkResult result, const char* what) {
    if (result == VK_SUCCESS) return true;
    out_of_date_ = true;
    if (result == VK_SUBOPTIMAL_KHR) return true;  // this once more; then the swapchain is made anew
    if (result == VK_ERROR_OUT_OF_DATE_KHR) return false;
    if (result != VK_ERROR_SURFACE_LOST_KHR || ++losses_ > kMostLosses) check(result, what);
    surface_lost_ = true;
    return false;
}

void Screen::renew_surface() {
    destroy_surface();
    surface_ = make_surface_();
    surface_lost_ = false;
    if (choose_format().format != format_.format)  // the render pass and the pipelines are made for it
        throw InputError("the display of {} takes other colours than before; start again",
                         device_.device_name);
}

bool Screen::create_swapchain(const VkSurfaceCapabilitiesKHR& capabilities, ViewSize size) {
    vkDeviceWaitIdle(device_.handle);
    destroy_pictures();
    constexpr VkImageUsageFlags kNeeded =
        VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    if ((capabilities.supportedUsageFlags & kNeeded) != kNeeded)
        throw InputError("the display of {} takes no copies; use --headless", device_.device_name);
    can_capture_ = capabilities.supportedUsageFlags & VK_IMAGE_USAGE_TRANSFER_SRC_BIT;

    VkSwapchainCreateInfoKHR info{VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR};
    info.surface = surface_;
    info.minImageCount = capabilities.minImageCount + 1;
    if (capabilities.maxImageCount > 0)
        info.minImageCount = std::min(info.minImageCount, capabilities.maxImageCount);
    info.imageFormat = format_.format;
    info.imageColorSpace = format_.colorSpace;
    info.imageExtent = {std::uint32_t(size.width), std::uint32_t(size.height)};
    info.imageArrayLayers = 1;
    info.imageUsage = kNeeded | (can_capture_ ? VK_IMAGE_USAGE_TRANSFER_SRC_BIT : 0);
    info.preTransform = capabilities.currentTransform;
    info.compositeAlpha = capabilities.supportedCompositeAlpha & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                              ? VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                              : VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR;
    info.presentMode = VK_PRESENT_MODE_FIFO_KHR;  // every device has it, and it never tears
    info.clipped = VK_FALSE;                      // capture() also wants what other windows cover
    info.oldSwapchain = swapchain_;
    VkSwapchainKHR created = VK_NULL_HANDLE;
    const VkResult result = vkCreateSwapchainKHR(device_.handle, &info, nullptr, &created);
    vkDestroySwapchainKHR(device_.handle, swapchain_, nullptr);
    swapchain_ = created;
    if (!usable(result, "vkCreateSwapchainKHR")) return false;

    std::uint32_t count = 0;
    check(vkGetSwapchainImagesKHR(device_.handle, swapchain_, &count, nullptr), "vkGetSwapchainImagesKHR");
    std::vector<VkImage> images(count);
    check(vkGetSwapchainImagesKHR(device_.handle, swapchain_, &count, images.data()),
          "vkGetSwapchainImagesKHR");
    size_ = size;
    for (VkImage image : images) create_picture(image);
    out_of_date_ = false;
    return true;
}

void Screen::create_picture(VkImage image) {
    Picture& picture = images_.emplace_back();
    picture.image = image;
    VkImageViewCreateInfo view{VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO};
    view.image = image;
    view.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view.format = format_.format;
    view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    check(vkCreateImageView(device_.handle, &view, nullptr, &picture.view), "vkCreateImageView");
    VkFramebufferCreateInfo framebuffer{VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO};
    framebuffer.renderPass = render_pass_;
    framebuffer.attachmentCount = 1, framebuffer.pAttachments = &picture.view;
    framebuffer.width = std::uint32_t(size_.width), framebuffer.height = std::uint32_t(size_.height);
    framebuffer.layers = 1;
    check(vkCreateFramebuffer(device_.handle, &framebuffer, nullptr, &picture.framebuffer),
          "vkCreateFramebuffer");
    const VkSemaphoreCreateInfo semaphore{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, nullptr, 0};
    check(vkCreateSemaphore(device_.handle, &semaphore, nullptr, &picture.drawn), "vkCreateSemaphore");
}

void Screen::destroy_pictures() {
    for (const Picture& picture : images_) {
        vkDestroySemaphore(device_.handle, picture.drawn, nullptr);
        vkDestroyFramebuffer(device_.handle, picture.framebuffer, nullptr);
        vkDestroyImageView(device_.handle, picture.view, nullptr);
    }
    images_.clear();
}

std::optional<VkCommandBuffer> Screen::begin() {
    slot_ = (slot_ + 1) % kFramesInFlight;
    Slot& slot = slots_[slot_];
    check(vkWaitForFences(device_.handle, 1, &slot.done, VK_TRUE, UINT64_MAX), "vkWaitForFences");
    const VkResult result =
        vkAcquireNextImageKHR(device_.handle, swapchain_, UINT64_MAX, slot.acquired, VK_NULL_HANDLE, &image_);
    if (!usable(result, "vkAcquireNextImageKHR")) return std::nullopt;
    VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(vkBeginCommandBuffer(slot.commands, &begin), "vkBeginCommandBuffer");
    return slot.commands;
}

void Screen::show(VkImage picture, ViewSize picture_size,
                  const std::function<void(VkCommandBuffer)>& overlay) {
    const VkCommandBuffer commands = slots_[slot_].commands;
    const Picture& screen = images_[image_];
    // The picture may come from this frame's shaders or from an earlier frame; the semaphore of the
    // acquisition is waited for at the transfer stage.
    transition(commands, picture, VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_GENERAL,
               VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
               VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT);
    transition(commands, screen.image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
               VK_PIPELINE_STAGE_TRANSFER_BIT, 0, VK_PIPELINE_STAGE_TRANSFER_BIT,
               VK_ACCESS_TRANSFER_WRITE_BIT);
    VkImageBlit blit{};
    blit.srcSubresource = blit.dstSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    blit.srcOffsets[1] = {picture_size.width, picture_size.height, 1};
    blit.dstOffsets[1] = {size_.width, size_.height, 1};
    vkCmdBlitImage(commands, picture, VK_IMAGE_LAYOUT_GENERAL, screen.image,
                   VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &blit,
                   picture_size == size_ ? VK_FILTER_NEAREST : VK_FILTER_LINEAR);
    transition(commands, screen.image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
               VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL, VK_PIPELINE_STAGE_TRANSFER_BIT,
               VK_ACCESS_TRANSFER_WRITE_BIT, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
               VK_ACCESS_COLOR_ATTACHMENT_READ_BIT | VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT);

    VkRenderPassBeginInfo pass{VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO};
    pass.renderPass = render_pass_;
    pass.framebuffer = screen.framebuffer;
    pass.renderArea.extent = {std::uint32_t(size_.width), std::uint32_t(size_.height)};
    vkCmdBeginRenderPass(commands, &pass, VK_SUBPASS_CONTENTS_INLINE);
    overlay(commands);
    vkCmdEndRenderPass(commands);
}

void Screen::capture() {
    if (!can_capture_) throw InputError("{} does not let its window be read back", device_.device_name);
    const VkCommandBuffer commands = slots_[slot_].commands;
    const VkImage image = images_[image_].image;
    const std::uint64_t bytes = std::uint64_t(size_.width) * std::uint64_t(size_.height) * 4;
    if (capture_.bytes < bytes)
        capture_ = gpu::Buffer(device_, bytes, gpu::Residence::download, "the screenshot");
    captured_size_ = size_;
    transition(commands, image, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
               VK_PIPELINE_STAGE_TRANSFER_BIT, 0, VK_PIPELINE_STAGE_TRANSFER_BIT,
               VK_ACCESS_TRANSFER_READ_BIT);
    VkBufferImageCopy copy{};
    copy.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    copy.imageExtent = {std::uint32_t(size_.width), std::uint32_t(size_.height), 1};
    vkCmdCopyImageToBuffer(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, capture_.handle, 1, &copy);
    transition(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR,
               VK_PIPELINE_STAGE_TRANSFER_BIT, 0, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0);
    gpu::barrier(commands, true);
}

void Screen::end() {
    Slot& slot = slots_[slot_];
    check(vkEndCommandBuffer(slot.commands), "vkEndCommandBuffer");
    const VkPipelineStageFlags wait_at = VK_PIPELINE_STAGE_TRANSFER_BIT;
    VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO};
    submit.waitSemaphoreCount = 1, submit.pWaitSemaphores = &slot.acquired;
    submit.pWaitDstStageMask = &wait_at;
    submit.commandBufferCount = 1, submit.pCommandBuffers = &slot.commands;
    submit.signalSemaphoreCount = 1, submit.pSignalSemaphores = &images_[image_].drawn;
    check(vkResetFences(device_.handle, 1, &slot.done), "vkResetFences");
    check(vkQueueSubmit(device_.queue, 1, &submit, slot.done), "vkQueueSubmit");

    VkPresentInfoKHR present{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR};
    present.waitSemaphoreCount = 1, present.pWaitSemaphores = &images_[image_].drawn;
    present.swapchainCount = 1, present.pSwapchains = &swapchain_;
    present.pImageIndices = &image_;
    if (usable(vkQueuePresentKHR(device_.queue, &present), "vkQueuePresentKHR")) losses_ = 0;
}

void Screen::wait() {
    std::array<VkFence, kFramesInFlight> fences;
    std::ranges::transform(slots_, fences.begin(), [](const Slot& slot) { return slot.done; });
    check(vkWaitForFences(device_.handle, kFramesInFlight, fences.data(), VK_TRUE, UINT64_MAX),
          "vkWaitForFences");
}

Image8 Screen::captured() {
    wait();
    Image8 out(captured_size_.width, captured_size_.height, 3);
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(capture_.mapped);
    const bool blue_first = format_.format == VK_FORMAT_B8G8R8A8_UNORM;
    for (std::size_t i = 0; i < std::size_t(out.width) * out.height; ++i)
        for (std::size_t c = 0; c < 3; ++c) out.pixels[3 * i + c] = pixels[4 * i + (blue_first ? 2 - c : c)];
    return out;
}

}  // namespace volumen
