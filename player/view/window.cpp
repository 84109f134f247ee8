#include "player/view/window.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui.h>

#include <algorithm>
#include <utility>

#include "formats/core/error.h"

namespace volumen {
namespace {

std::string last_glfw_error() {
    const char* description = nullptr;
    glfwGetError(&description);
    return description ? description : "unknown reason";
}

/// The monitor that the window's middle lies on.
GLFWmonitor* monitor_of(GLFWwindow* window) {
    int x = 0, y = 0, width = 0, height = 0, count = 0;
    glfwGetWindowPos(window, &x, &y);
    glfwGetWindowSize(window, &width, &height);
    x += width / 2, y += height / 2;
    GLFWmonitor** monitors = glfwGetMonitors(&count);
    for (int i = 0; i < count; ++i) {
        int left = 0, top = 0;
        glfwGetMonitorPos(monitors[i], &left, &top);
        const GLFWvidmode* mode = glfwGetVideoMode(monitors[i]);
        if (mode && x >= left && x < left + mode->width && y >= top && y < top + mode->height)
            return monitors[i];
    }
    return glfwGetPrimaryMonitor();
}

}  // namespace

/// GLFW's callbacks; the overlay's are chained behind them.
struct Window::Callbacks {
    static Window& self(GLFWwindow* window) {
        return *static_cast<Window*>(glfwGetWindowUserPointer(window));
    }

    static void key(GLFWwindow* window, int key, int, int action, int mods) {
        Window& w = self(window);
        w.input_.any = true;
        if (action != GLFW_RELEASE) w.input_.keys.push_back({key, (mods & GLFW_MOD_SHIFT) != 0});
    }
    static void button(GLFWwindow* window, int button, int action, int mods) {
        Window& w = self(window);
        w.input_.any = true;
        if (action == GLFW_RELEASE) {
            w.dragging_ = kNone;
        } else if (!ImGui::GetIO().WantCaptureMouse) {
            if (button == GLFW_MOUSE_BUTTON_LEFT && (mods & GLFW_MOD_CONTROL)) {
                w.input_.picked = true;
                return;
            }
            const bool pan = button == GLFW_MOUSE_BUTTON_MIDDLE || (mods & GLFW_MOD_SHIFT);
            w.dragging_ = pan ? kMiddle : button == GLFW_MOUSE_BUTTON_RIGHT ? kRight : kLeft;
            glfwGetCursorPos(window, &w.cursor_.x, &w.cursor_.y);
        }
    }
    static void cursor(GLFWwindow* window, double x, double y) {
        Window& w = self(window);
        w.input_.any = true;
        const glm::vec2 moved = glm::dvec2(x, y) - w.cursor_;
        w.cursor_ = {x, y};
        if (w.dragging_ == kLeft) w.input_.turned += moved;
        if (w.dragging_ == kMiddle) w.input_.panned += moved;
        if (w.dragging_ == kRight) w.input_.looked += moved;
    }
    static void scroll(GLFWwindow* window, double, double y) {
        Window& w = self(window);
        w.input_.any = true;
        if (!ImGui::GetIO().WantCaptureMouse) w.input_.wheel += float(y);
    }
    static void changed(GLFWwindow* window) { self(window).input_.any = true; }
    static void resized(GLFWwindow* window, int, int) { self(window).input_.any = true; }
    static void focused(GLFWwindow* window, int has_focus) {
        Window& w = self(window);
        w.input_.any = true;
        if (!has_focus) w.dragging_ = kNone;
    }
};

Window::Window(const std::string& title, ViewSize size, bool fullscreen) {
    if (!glfwInit())
        throw InputError("no window can be opened ({}); on a machine without a display use --headless",
                         last_glfw_error());
    if (!glfwVulkanSupported()) {
        glfwTerminate();
        throw InputError("no Vulkan driver that can show pictures in a window was found; use --headless");
    }
    glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);
    glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
    window_ = glfwCreateWindow(size.width, size.height, title.c_str(), nullptr, nullptr);
    if (!window_) {
        const std::string reason = last_glfw_error();
        glfwTerminate();
        throw InputError("no window can be opened ({})", reason);
    }
    ImGui::CreateContext();  // the callbacks ask it whether a panel has the mouse
    glfwSetWindowSizeLimits(window_, 320, 240, GLFW_DONT_CARE, GLFW_DONT_CARE);
    glfwSetWindowUserPointer(window_, this);
    glfwSetKeyCallback(window_, Callbacks::key);
    glfwSetMouseButtonCallback(window_, Callbacks::button);
    glfwSetCursorPosCallback(window_, Callbacks::cursor);
    glfwSetScrollCallback(window_, Callbacks::scroll);
    glfwSetWindowRefreshCallback(window_, Callbacks::changed);
    glfwSetFramebufferSizeCallback(window_, Callbacks::resized);
    glfwSetWindowFocusCallback(window_, Callbacks::focused);
    if (fullscreen) toggle_fullscreen();
}

Window::~Window() {
    ImGui::DestroyContext();
    glfwDestroyWindow(window_);
    glfwTerminate();
}

std::vector<const char*> Window::instance_extensions() {
    std::uint32_t count = 0;
    const char** names = glfwGetRequiredInstanceExtensions(&count);
    if (!names) throw InputError("Vulkan cannot show pictures in a window here; use --headless");
    return {names, names + count};
}

VkSurfaceKHR Window::create_surface(const gpu::Device& device) const {
    VkSurfaceKHR surface = VK_NULL_HANDLE;
    if (glfwCreateWindowSurface(device.instance, window_, nullptr, &surface) != VK_SUCCESS)
        throw InputError("Vulkan cannot draw into this window ({})", last_glfw_error());
    VkBool32 supported = VK_FALSE;
    vkGetPhysicalDeviceSurfaceSupportKHR(device.physical, device.queue_family, surface, &supported);
    if (!supported) {
        vkDestroySurfaceKHR(device.instance, surface, nullptr);
        throw InputError("{} cannot show pictures in this window; choose another device with --gpu",
                         device.device_name);
    }
    return surface;
}

bool Window::should_close() const {
    return glfwWindowShouldClose(window_);
}

void Window::close() {
    glfwSetWindowShouldClose(window_, GLFW_TRUE);
}

void Window::toggle_fullscreen() {
    if (glfwGetWindowMonitor(window_)) {
        glfwSetWindowMonitor(window_, nullptr, windowed_.x, windowed_.y, windowed_.z, windowed_.w,
                             GLFW_DONT_CARE);
        return;
    }
    GLFWmonitor* monitor = monitor_of(window_);
    const GLFWvidmode* mode = monitor ? glfwGetVideoMode(monitor) : nullptr;
    if (!mode) return;
    glfwGetWindowPos(window_, &windowed_.x, &windowed_.y);
    glfwGetWindowSize(window_, &windowed_.z, &windowed_.w);
    glfwSetWindowMonitor(window_, monitor, 0, 0, mode->width, mode->height, mode->refreshRate);
}

void Window::handle_events(std::optional<std::chrono::nanoseconds> timeout) {
    if (!timeout)
        glfwWaitEvents();
    else if (timeout->count() > 0)
        glfwWaitEventsTimeout(std::chrono::duration<double>(*timeout).count());
    else
        glfwPollEvents();
}

void Window::wake() {
    glfwPostEmptyEvent();
}

Input Window::take_input() {
    return std::exchange(input_, {});
}

bool Window::key_down(int key) const {
    return glfwGetKey(window_, key) == GLFW_PRESS;
}

bool Window::hidden() const {
    const ViewSize pixels = framebuffer();
    return pixels.width <= 0 || pixels.height <= 0 || !glfwGetWindowAttrib(window_, GLFW_VISIBLE) ||
           glfwGetWindowAttrib(window_, GLFW_ICONIFIED);
}

glm::vec2 Window::cursor() const {
    double x = 0, y = 0;
    glfwGetCursorPos(window_, &x, &y);
    return {float(x), float(y)};
}

ViewSize Window::size() const {
    ViewSize size;
    glfwGetWindowSize(window_, &size.width, &size.height);
    return {std::max(size.width, 1), std::max(size.height, 1)};
}

ViewSize Window::framebuffer() const {
    ViewSize size;
    glfwGetFramebufferSize(window_, &size.width, &size.height);
    return size;
}

float Window::content_scale() const {
    float x = 1, y = 1;
    glfwGetWindowContentScale(window_, &x, &y);
    return std::clamp(std::max(x, y), 0.5f, 8.0f);
}

}  // namespace volumen
