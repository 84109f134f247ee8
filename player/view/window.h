// A desktop window: GLFW's, without a client API, and what the user did in it.
#pragma once

#include <vulkan/vulkan.h>

#include <chrono>
#include <glm/glm.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "player/source/viewpoint.h"
#include "shaders/gpu/device.h"

struct GLFWwindow;

namespace volumen {

struct KeyPress {
    int key = 0;  ///< GLFW_KEY_…
    bool shift = false;
};

/// What happened since the last call of take_input(). Distances in window coordinates.
struct Input {
    std::vector<KeyPress> keys;  ///< in order, repeats included
    glm::vec2 turned{0};         ///< left drag
    glm::vec2 panned{0};         ///< middle or shift + left drag
    glm::vec2 looked{0};         ///< right drag
    float wheel = 0;
    bool picked = false;  ///< control + left click
    bool any = false;     ///< anything at all, so that the overlay is drawn again
};

/// Throws InputError where there is no display.
class Window {
  public:
    Window(const std::string& title, ViewSize size, bool fullscreen);
    ~Window();
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    /// What the instance needs to make a surface.
    static std::vector<const char*> instance_extensions();
    /// Owned by the caller. Throws InputError where the device cannot show pictures in this window.
    VkSurfaceKHR create_surface(const gpu::Device& device) const;

    GLFWwindow* handle() const { return window_; }
    bool should_close() const;
    void close();
    void toggle_fullscreen();

    /// Handles events; waits for one where `timeout` is not 0 (nothing: for as long as it takes).
    void handle_events(std::optional<std::chrono::nanoseconds> timeout);
    /// Ends a wait, from any thread.
    static void wake();

    Input take_input();
    /// The right button is held in the picture: the letter keys fly.
    bool flying() const { return dragging_ == kRight; }
    bool key_down(int key) const;
    glm::vec2 cursor() const;  ///< in window coordinates

    /// Nobody can see it: minimised, or the window manager took it away.
    bool hidden() const;
    ViewSize size() const;         ///< in window coordinates, as the mouse
    ViewSize framebuffer() const;  ///< in pixels; 0 when minimised
    float content_scale() const;

  private:
    enum Drag { kNone, kLeft, kRight, kMiddle };
    struct Callbacks;

    GLFWwindow* window_ = nullptr;
    Input input_;
    Drag dragging_ = kNone;
    glm::dvec2 cursor_{0};
    glm::ivec4 windowed_{0};  ///< place and size before full screen
};

}  // namespace volumen
