#include "player/options.h"

#include <charconv>
#include <map>
#include <string_view>

#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "formats/core/image.h"
#include "formats/program/program.h"
#include "player/output_pattern.h"

namespace volumen {
namespace {

constexpr const char* kKeys =
    "In the window: drag turns, shift + drag (or the middle button) pans, the wheel nears, right drag with "
    "WASD\n"
    "and QE flies; Space plays and pauses, the arrows step, F1 lists all keys.\n"
    "A camera file is a transforms.json (view by index) or\n"
    R"({"eye": [x, y, z], "target": [x, y, z], "up": [x, y, z], "fov": vertical field of view in degrees}.)";

const std::map<std::string, HwAccel> kAccelerations{{"auto", HwAccel::automatic},
                                                    {"none", HwAccel::none},
                                                    {"vulkan", HwAccel::vulkan},
                                                    {"vaapi", HwAccel::vaapi},
                                                    {"cuda", HwAccel::cuda}};
const std::map<std::string, bool> kResolutions{{"auto", false}, {"full", true}};
const std::map<std::string, std::optional<bool>> kAutoOnOff{
    {"auto", std::nullopt}, {"on", true}, {"off", false}};
const std::map<std::string, Order> kOrders{
    {"depth", Order::depth}, {"distance", Order::distance}, {"pixel", Order::pixel}};
const std::map<std::string, Picture> kPictureNames{
    {"colour", Picture::colour},     {"depth", Picture::depth},       {"opacity", Picture::opacity},
    {"overdraw", Picture::overdraw}, {"outlines", Picture::outlines}, {"points", Picture::points}};
const std::map<std::string, glm::vec3> kAxes{{"x", {1, 0, 0}},   {"y", {0, 1, 0}},   {"z", {0, 0, 1}},
                                             {"-x", {-1, 0, 0}}, {"-y", {0, -1, 0}}, {"-z", {0, 0, -1}}};

std::optional<int> parse_int(std::string_view text) {
    int value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

/// The two numbers around a separator.
std::optional<std::pair<int, int>> parse_pair(std::string_view text, char separator) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    const auto first = parse_int(text.substr(0, at)), second = parse_int(text.substr(at + 1));
    if (!first || !second) return std::nullopt;
    return std::pair(*first, *second);
}

template <class Value>
Value look_up(const std::map<std::string, Value>& table, const char* option, const std::string& name) {
    const auto it = table.find(name);
    if (it != table.end()) return it->second;
    std::string known;
    for (const auto& entry : table) known += (known.empty() ? "" : ", ") + entry.first;
    throw UsageError("{} {}: has to be one of {}", option, name, known);
}

void check(const PlayOptions& options) {
    if (options.headless) {
        if (options.fullscreen) throw UsageError("--fullscreen needs a window; leave out --headless");
        if (options.screenshot) throw UsageError("--screenshot is of the window; with --headless use -o");
        if (options.joint_view != JointView::off)
            throw UsageError("--show needs a window; leave out --headless");
        if (options.interpolate == true)
            throw UsageError("--interpolate needs a window; leave out --headless");
        if (options.shown_frames)
            throw UsageError("--frames {}: use A:B, half-open, as in 0:30", *options.shown_frames);
    } else {
        if (options.output) throw UsageError("-o needs --headless");
        if (options.shown_frames && !options.screenshot)
            throw UsageError("--frames {}: a count goes with --screenshot only; use A:B",
                             *options.shown_frames);
    }
    if (options.output) OutputPattern{*options.output};
}

}  // namespace

FrameRange parse_frame_range(const std::string& text) {
    const auto range = parse_pair(text, ':');
    if (!range || range->first < 0 || range->second <= range->first || range->second > kMaxFrames)
        throw UsageError("--frames {}: use A:B with A < B, half-open, as in 0:30", text);
    return {range->first, range->second};
}

ViewSize parse_size(const std::string& text) {
    const auto size = parse_pair(text, 'x');
    if (!size || size->first < 1 || size->second < 1 || size->first > kMaxImageSide ||
        size->second > kMaxImageSide)
        throw UsageError("--size {}: use WxH, as in 1280x720, at most {} a side", text, kMaxImageSide);
    return {size->first, size->second};
}

std::optional<PlayOptions> parse_options(int argc, const char* const* argv) {
    PlayOptions options;
    std::string frames, size, acceleration = "auto", up = "-y", show = "off", order = "distance",
                              picture = "colour", interpolate = "auto", resolution = "auto";
    bool no_loop = false, vr = false;

    CLI::App app{"Plays volumetric video.", "volumen-play"};
    app.footer(kKeys);
    add_standard_options(app);
    app.add_option(
           "TAKE", options.take,
           "stream (its folder or manifest.mpd), or splats: .ply, .spz, .splat, .sog or a SOG's folder")
        ->required()
        ->type_name("FILE");
    app.add_flag("--headless", options.headless, "render without a window, every frame once, in order");
    app.add_option("-o,--output", options.output,
                   "images, as in out_%04d.png (headless; without it nothing is kept)")
        ->type_name("PATTERN");
    app.add_option("--frames", frames, "A:B, half-open; with --screenshot also how many to show")
        ->type_name("A:B");
    app.add_option("--size", size, "WxH of the images or the window")->type_name("WxH");
    app.add_option("--camera", options.camera, "FILE.json[:view], see below; default: the take's view")
        ->type_name("FILE");
    app.add_option("--stats", options.stats, "write timings as JSON (-: to stdout)")->type_name("FILE");
    app.add_option("--hwaccel", acceleration, "what decodes the video")
        ->type_name("auto|none|vulkan|vaapi|cuda");
    app.add_option("--gpu", options.gpu, "the Vulkan device, by a part of its name or its index")
        ->type_name("GPU");
    app.add_option("--up", up, "the up axis of a splat file (-y, as scans have it)")
        ->type_name("x|y|z|-x|-y|-z");
    app.add_option(
           "--order", order,
           "of splats: by their centres' depth, their centres' distance (distance: nothing pops when the "
           "camera turns), or their depth at each pixel (slower, pops least) (O)")
        ->type_name("depth|distance|pixel");
    app.add_option(
           "--picture", picture,
           "what it shows of the splats: their colours, how deep they lie, how opaque they are together, "
           "how many are blended at a pixel, their ellipses, their centres (V)")
        ->type_name("colour|depth|opacity|overdraw|outlines|points");
    app.add_flag("--antialias", options.antialias, "mip-style: splats below a pixel's size fade (M)");
    app.add_option(
           "--interpolate", interpolate,
           "in the window: between the take's frames, as often as the display shows pictures; auto: where a "
           "GPU draws (I)")
        ->type_name("auto|on|off");
    app.add_option(
           "--resolution", resolution,
           "of the window's picture; auto: lower where splats close to the camera are too many to keep the "
           "frame rate (G)")
        ->type_name("auto|full");
    app.add_option("--show", show, "over the window's picture: the take's joints, the splats they lead (J)")
        ->type_name("off|joints|anchors");
    app.add_flag("--no-loop", no_loop, "stop at the end");
    app.add_flag("--fullscreen", options.fullscreen, "start in full screen");
    app.add_option("--screenshot", options.screenshot, "save the window after --frames N frames (3) and quit")
        ->type_name("FILE");
    app.add_flag("--validation", options.validation, "with Vulkan's validation layers");
    app.add_flag("--vr", vr, "on a headset (not in this build)");
    if (parse_command_line(app, argc, argv)) return std::nullopt;
    if (vr) throw UsageError("--vr: this build has no headset support; leave it out to play in a window");
    options.loop = !no_loop;
    options.hwaccel = look_up(kAccelerations, "--hwaccel", acceleration);
    options.full_resolution = look_up(kResolutions, "--resolution", resolution);
    options.interpolate = look_up(kAutoOnOff, "--interpolate", interpolate);
    options.order = look_up(kOrders, "--order", order);
    options.picture = look_up(kPictureNames, "--picture", picture);
    options.up = look_up(kAxes, "--up", up);
    const auto joints = joint_view(show);
    if (!joints) throw UsageError("--show {}: has to be one of off, joints, anchors", show);
    options.joint_view = *joints;
    if (!size.empty()) options.size = parse_size(size);
    if (!frames.empty()) {
        const auto count = parse_int(frames);
        if (count && *count > 0)
            options.shown_frames = count;
        else
            options.frames = parse_frame_range(frames);
    }
    check(options);
    return options;
}

}  // namespace volumen
