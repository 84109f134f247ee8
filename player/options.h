// The command line of volumen-play.
#pragma once

#include <optional>
#include <string>

#include "formats/stream/reader.h"
#include "player/decode/frame_source.h"
#include "player/source/viewpoint.h"
#include "player/view/joint_view.h"
#include "shaders/renderer.h"

namespace volumen {

struct PlayOptions {
    std::string take;  ///< stream or file
    bool headless = false;
    std::optional<std::string> output;  ///< pattern of the images' names
    std::optional<FrameRange> frames;   ///< of the take; all without it
    std::optional<int> shown_frames;    ///< `--frames N`: until the screenshot
    std::optional<ViewSize> size;
    std::optional<std::string> camera;  ///< FILE.json[:view]
    std::optional<std::string> stats;   ///< file, or "-": stdout
    std::optional<std::string> screenshot;
    HwAccel hwaccel = HwAccel::automatic;
    std::string gpu;
    glm::vec3 up{0, -1, 0};  ///< of a PLY
    Order order = Order::distance;
    Picture picture = Picture::colour;
    bool antialias = false;                 ///< mip-style opacity compensation
    bool full_resolution = false;           ///< however long a picture takes
    std::optional<bool> interpolate;        ///< between frames; nothing: where the device is no software
    JointView joint_view = JointView::off;  ///< of the window
    bool loop = true, fullscreen = false, validation = false;
};

/// The options, or nothing where help or the version was asked for (and printed). Throws UsageError.
std::optional<PlayOptions> parse_options(int argc, const char* const* argv);

/// "A:B", half-open, A < B. Throws UsageError.
FrameRange parse_frame_range(const std::string& text);
/// "1280x720". Throws UsageError.
ViewSize parse_size(const std::string& text);

}  // namespace volumen
