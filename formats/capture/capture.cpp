#include "formats/capture/capture.h"

#include <algorithm>
#include <cmath>

#include "formats/capture/capture_state.h"
#include "formats/core/error.h"
#include "formats/media/image_file.h"

namespace volumen {
namespace {

/// Margin in pixels, both sides together, up to which an image larger than its calibration is taken as
/// uncropped: codecs pad to 16.
constexpr int kMaxCrop = 16;

/// Fits the calibration to the stored image: crops, or scales the intrinsics.
void fit_to_stored(ViewSource& source) {
    Camera& camera = source.rig.camera;
    const int width = source.stored_width, height = source.stored_height;
    if (camera.width == 0) camera.width = width, camera.height = height;
    const auto from_angle = [](float angle, int side) { return 0.5f * float(side) / std::tan(0.5f * angle); };
    if (camera.fx == 0) camera.fx = from_angle(source.rig.angle_x, camera.width);
    if (camera.fy == 0)
        camera.fy = source.rig.angle_y > 0 ? from_angle(source.rig.angle_y, camera.height) : camera.fx;
    if (std::isnan(camera.cx)) camera.cx = 0.5f * float(camera.width);
    if (std::isnan(camera.cy)) camera.cy = 0.5f * float(camera.height);

    const int margin_x = width - camera.width, margin_y = height - camera.height;
    const auto croppable = [](int margin) { return margin >= 0 && margin <= kMaxCrop && margin % 2 == 0; };
    if (croppable(margin_x) && croppable(margin_y)) {
        source.crop_x = margin_x / 2, source.crop_y = margin_y / 2;
    } else if (std::abs(double(camera.height) * width / camera.width - height) <= 1) {
        camera = camera.resized(width, height);
    } else {
        throw InputError(
            "{}: the image is {} x {}, but w and h say {} x {}: another aspect, and no even margin",
            source.rig.place, width, height, camera.width, camera.height);
    }
}

void choose_output_size(ViewSource& source, const CaptureOptions& options) {
    const Camera& camera = source.rig.camera;
    double width = camera.width, height = camera.height;
    if (options.width > 0 && options.height > 0) {
        if (std::abs(height * options.width / width - options.height) > 2)
            throw InputError(
                "{}: is {} x {}, which does not fit {} x {} without stretching: give one number, "
                "the longer side",
                source.rig.place, camera.width, camera.height, options.width, options.height);
        width = options.width, height = options.height;
    } else {
        const double scale = options.width > 0 ? options.width / std::max(width, height) : options.scale;
        width = std::round(width * scale), height = std::round(height * scale);
    }
    if (!(width <= kMaxImageSide && height <= kMaxImageSide))
        throw UsageError("images of {} x {} are too large: at most {} a side", width, height, kMaxImageSide);
    source.width = std::max(1, int(width)), source.height = std::max(1, int(height));
}

void check_options(const CaptureOptions& options) {
    if (options.width < 0 || options.height < 0 || (options.width == 0 && options.height > 0))
        throw UsageError("image size {} x {}: give the width, or both", options.width, options.height);
    if (!(options.scale > 0) || !std::isfinite(options.scale))
        throw UsageError("image scale {}: must be above 0", options.scale);
}

/// Frames on disk: the folders that count up from the first, or the shortest video.
int count_frames(const RigFile& rig, const std::vector<ViewSource>& sources, int shortest_video) {
    const RigView& first = sources.front().rig;
    if (first.video) {
        if (rig.frame_count.value_or(1) > shortest_video)
            throw InputError("{}: frame_count is {}, but the shortest video has {} frames", rig.file.string(),
                             *rig.frame_count, shortest_video);
        return rig.frame_count.value_or(shortest_video);
    }
    const auto there = [&](int frame) {
        std::error_code ignored;
        return std::filesystem::is_directory(first.image.folder(frame), ignored);
    };
    if (rig.frame_count) {
        const int last = *rig.frame_count - 1;
        if (last > 0 && !first.image.numbered)
            throw InputError("{}: frame_count is {}, but no folder of {} is a frame's number",
                             rig.file.string(), *rig.frame_count, first.image.first.string());
        if (last > 0 && !there(last))
            throw InputError("{}: frame_count is {}, but {} does not exist", rig.file.string(),
                             *rig.frame_count, first.image.folder(last).string());
        return *rig.frame_count;
    }
    int count = 1;
    while (first.image.numbered && count < kMaxFrames && there(count)) ++count;
    return count;
}

}  // namespace

Capture Capture::open(const std::filesystem::path& path, const CaptureOptions& options) {
    check_options(options);
    auto state = std::make_shared<State>();
    state->rig = read_rig_file(path);
    int shortest_video = kMaxFrames;
    std::optional<FrameRate> video_fps;
    for (std::size_t i = 0; i < state->rig.views.size(); ++i) {
        ViewSource source;
        source.rig = std::move(state->rig.views[i]);
        bool masked = source.rig.mask.has_value();
        if (source.rig.video) {
            const VideoReader video(source.rig.image.first);
            source.stored_width = video.width(), source.stored_height = video.height();
            shortest_video = std::min(shortest_video, video.frame_count());
            if (!video_fps) video_fps = video.fps();
        } else {
            const ImageInfo info = read_image_info(source.rig.image.first);
            source.stored_width = info.width, source.stored_height = info.height;
            masked |= info.alpha;
        }
        if (i == 0) state->masks = masked;
        if (masked != state->masks)
            throw InputError("{}: has {} mask, unlike the views before it: all views need one, or none",
                             source.rig.place, masked ? "a" : "no");
        fit_to_stored(source);
        choose_output_size(source, options);
        state->views.push_back({source.rig.name, source.rig.camera.resized(source.width, source.height)});
        state->sources.push_back(std::move(source));
    }
    state->frame_count = count_frames(state->rig, state->sources, shortest_video);
    state->info.fps = state->rig.fps ? *state->rig.fps : video_fps.value_or(FrameRate{});
    state->info = take_info(*state, state->views);
    if (state->rig.points) state->points = read_points_ply(*state->rig.points);
    Capture capture;
    capture.state_ = std::move(state);
    return capture;
}

const std::vector<CaptureView>& Capture::views() const {
    return state_->views;
}
int Capture::frame_count() const {
    return state_->frame_count;
}
bool Capture::has_masks() const {
    return state_->masks;
}
TakeInfo Capture::info(const std::vector<int>& views) const {
    std::vector<CaptureView> seen;
    for (const int view : views) seen.push_back(state_->views.at(std::size_t(view)));
    return take_info(*state_, seen);
}
const TakeInfo& Capture::info() const {
    return state_->info;
}
const std::optional<PointCloud>& Capture::points() const {
    return state_->points;
}

ViewImage Capture::read(int view, int frame) const {
    if (view < 0 || view >= int(state_->views.size()))
        throw UsageError("the capture has views 0 to {}, not {}", state_->views.size() - 1, view);
    if (frame < 0 || frame >= state_->frame_count)
        throw UsageError("the capture has frames 0 to {}, not {}", state_->frame_count - 1, frame);
    return ViewFrames(state_->sources[std::size_t(view)], state_->masks).read(frame);
}

PlanarImage composite(const ViewImage& image, glm::vec3 background) {
    PlanarImage out(image.rgb.width, image.rgb.height);
    const std::uint8_t* rgb = image.rgb.pixels.data();
    for (int c = 0; c < 3; ++c) {
        const std::span<float> plane = out.plane(c);
        if (image.alpha.empty()) {
            for (std::size_t i = 0; i < plane.size(); ++i)
                plane[i] = float(rgb[3 * i + std::size_t(c)]) / 255;
            continue;
        }
        for (std::size_t i = 0; i < plane.size(); ++i) {
            const float alpha = float(image.alpha.pixels[i]) / 255;
            plane[i] = alpha * float(rgb[3 * i + std::size_t(c)]) / 255 + (1 - alpha) * background[c];
        }
    }
    return out;
}

}  // namespace volumen
