// The swapchain and the frames in flight.
#pragma once

#include <vulkan/vulkan.h>

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "formats/core/image.h"
#include "player/source/viewpoint.h"
#include "shaders/gpu/device.h"
#include "shaders/gpu/memory.h"

namespace volumen {

/// Frames that the processor may prepare before the device has finished the first.
inline constexpr std::size_t kFramesInFlight = 2;

/// Shows pictures in a surface, which it owns and makes anew where it is lost. A frame is: begin(), then
/// show() with the picture, then what `overlay` draws, then end().
class Screen {
  public:
    /// `make_surface` is also asked again later. Throws InputError where the surface offers no 8-bit format.
    Screen(gpu::Device& device, std::function<VkSurfaceKHR()> make_surface);
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    /// For pipelines that draw over the picture: one colour attachment, loaded.
    VkRenderPass render_pass() const { return render_pass_; }
    std::uint32_t image_count() const { return std::uint32_t(images_.size()); }
    ViewSize size() const { return size_; }

    /// Makes the swapchain anew where the window's size has changed or begin() or end() found it out of date.
    /// False: there is nothing to draw into (minimised, or the display went away just now: try again).
    bool fit(ViewSize framebuffer);

    /// Starts a frame; nothing where the swapchain is out of date: fit() and try again.
    std::optional<VkCommandBuffer> begin();
    /// Copies the picture (layout GENERAL, any size, stretched) to the screen, then records `overlay` inside
    /// the render pass.
    void show(VkImage picture, ViewSize picture_size, const std::function<void(VkCommandBuffer)>& overlay);
    /// Also copies what is on the screen, to be had from captured().
    void capture();
    void end();

    /// Waits until the device has nothing left to do for the frames before.
    void wait();
    /// What capture() copied, RGB; waits for it.
    Image8 captured();

  private:
    struct Slot {
        VkCommandBuffer commands = VK_NULL_HANDLE;
        VkFence done = VK_NULL_HANDLE;
        VkSemaphore acquired = VK_NULL_HANDLE;
    };
    struct Picture {
        VkImage image = VK_NULL_HANDLE;
        VkImageView view = VK_NULL_HANDLE;
        VkFramebuffer framebuffer = VK_NULL_HANDLE;
        VkSemaphore drawn = VK_NULL_HANDLE;
    };

    void destroy_surface();
    void renew_surface();
    VkSurfaceFormatKHR choose_format() const;
    void create_render_pass();
    void create_slots();
    bool create_swapchain(const VkSurfaceCapabilitiesKHR& capabilities, ViewSize size);
    /// Whether a call on surface or swapchain has done its work; fit() mends what it found out of date or
    /// lost. Throws after any other error.
    bool usable(VkResult result, const char* what);
    void create_picture(VkImage image);
    void destroy_pictures();

    gpu::Device& device_;
    std::function<VkSurfaceKHR()> make_surface_;
    VkSurfaceKHR surface_;
    VkSurfaceFormatKHR format_;
    VkRenderPass render_pass_ = VK_NULL_HANDLE;
    VkSwapchainKHR swapchain_ = VK_NULL_HANDLE;
    ViewSize size_{0, 0};
    bool out_of_date_ = true, surface_lost_ = false, can_capture_ = false;
    int losses_ = 0;  ///< of surfaces, since the last picture was shown
    std::vector<Picture> images_;
    VkCommandPool pool_ = VK_NULL_HANDLE;
    std::array<Slot, kFramesInFlight> slots_;
    std::size_t slot_ = 0;
    std::uint32_t image_ = 0;
    gpu::Buffer capture_;
    ViewSize captured_size_;
};

}  // namespace volumen
