// The panels over the picture: timeline, buttons, figures, list of keys.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/take_info.h"
#include "formats/stream/reader.h"
#include "player/inspect/picker.h"
#include "player/statistics.h"
#include "player/view/commands.h"
#include "player/view/joint_view.h"
#include "player/view/screen.h"
#include "player/view/window.h"

namespace volumen {

/// Pictures that the graph of times shows.
inline constexpr std::size_t kGraphFrames = 120;

/// What the panels tell.
struct OverlayState {
    std::string title, gpu, decoder;
    ViewSize resolution, rendered;  ///< of the screen, and of the picture that is stretched over it
    FrameRange range;
    FrameRate fps;
    std::vector<SegmentInfo> segments;
    double mbit_per_s = 0;
    std::uint32_t stage_splats = 0;  ///< of the still surroundings, among all that are drawn

    int frame = 0;   ///< on screen, of the take
    int handle = 0;  ///< of the timeline: where a seek goes to, else `frame`
    bool playing = false, loop = true, seeking = false;
    int speed = 1000;  ///< thousandths
    double display_fps = 0;
    std::vector<FrameStatistics> history;  ///< of the last pictures, at most kGraphFrames, the oldest first
    std::uint64_t gpu_bytes = 0;           ///< of memory that buffers and images have
    std::uint64_t dropped = 0;
    std::vector<LostFrames> lost;
    std::span<const Stall> stalls;  ///< frames that playing had to wait for
    std::string notice;             ///< a line for a moment, such as the name of a screenshot
    bool show_help = false;

    Picture picture = Picture::colour;
    float nearest = 0, farthest = 0;  ///< splats that are visible, in units

    std::optional<PickedSplat> picked;

    JointView joint_view = JointView::off;
    std::shared_ptr<const SkinSegment> skin;  ///< of the frame on screen, where joints carry its splats
    Camera camera;                            ///< of the picture
};

/// What was clicked.
struct OverlayActions {
    std::vector<Command> commands;
    std::optional<int> seek;  ///< frame of the take
};

/// Dear ImGui with its GLFW and Vulkan back ends.
class Overlay {
  public:
    Overlay(const Window& window, gpu::Device& device, const Screen& screen);
    ~Overlay();
    Overlay(const Overlay&) = delete;
    Overlay& operator=(const Overlay&) = delete;

    /// Lays the panels out; without `visible` only notice and list of keys. Once a frame, before draw().
    OverlayActions build(const OverlayState& state, bool visible);
    /// Inside the screen's render pass.
    void draw(VkCommandBuffer commands);

  private:
    const Window& window_;
    gpu::Device& device_;
    VkDescriptorPool descriptors_ = VK_NULL_HANDLE;
    float scale_ = 1;  ///< of the fonts that were built
};

}  // namespace volumen
