#include "formats/capture/capture.h"

#include <algorithm>
#include <cmath>

#include "formats/capture/capture_state.h"
#include "formats/capture/readers/layout.h"
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

/// Size and alpha of a view's images, from the first of them that can be read.
ImageInfo stored_image(const FramePath& path, const std::function<void(const std::string&)>& pass_over) {
    /// Damage is a matter of single images; where so many are bad, something else is wrong.
    constexpr int kTries = 8;
    std::string problem;
    for (int frame = 0; frame < (path.numbered ? kTries : 1); ++frame) {
        try {
            const ImageInfo info = read_image_info(path.file(frame));
            if (!problem.empty()) pass_over(problem);
            return info;
        } catch (const InputError& error) {
            if (problem.empty()) problem = error.what();
        }
    }
    throw InputError(problem);
}

void use_offsets(std::vector<ViewSource>& sources, const std::vector<int>& offsets) {
    if (!offsets.empty() && offsets.size() != sources.size())
        throw UsageError("{} offsets for a capture of {} views: one a view, or none", offsets.size(),
                         sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i)
        sources[i].offset = offsets.empty() ? sources[i].rig.offset : offsets[i];
}

}  // namespace

Capture Capture::open(const std::filesystem::path& path, const CaptureOptions& options) {
    check_options(options);
    auto state = std::make_shared<State>();
    state->strict = options.strict;
    state->rig = read_rig(path, options.problems);
    state->warnings = state->rig.notes;
    const auto pass_over = [&](const std::string& problem) {
        if (options.strict) throw InputError(problem);
        state->warnings.push_back(problem);
    };
    std::optional<FrameRate> video_fps;
    const auto add = [&](RigView& view) {
        ViewSource source;
        source.rig = std::move(view);
        source.masked = source.rig.mask.has_value();
        if (source.rig.video) {
            const VideoReader video(source.rig.image.first);
            source.stored_width = video.width(), source.stored_height = video.height();
            source.files = video.frame_count();
            if (!video_fps) video_fps = video.fps();
        } else {
            const ImageInfo info = stored_image(source.rig.image, pass_over);
            source.stored_width = info.width, source.stored_height = info.height;
            source.masked |= info.alpha;
        }
        source.opaque = !options.masks;
        fit_to_stored(source);
        choose_output_size(source, options);
        state->sources.push_back(std::move(source));
    };
    for (RigView& view : state->rig.views) {
        if (!options.problems) {
            add(view);
            continue;
        }
        try {
            add(view);
        } catch (const InputError& error) {
            options.problems->push_back(error.what());
        }
    }
    if (state->sources.empty()) throw InputError(options.problems->front());
    state->masks = options.masks && std::ranges::any_of(state->sources, &ViewSource::masked);
    if (state->masks && options.problems)
        std::erase_if(state->sources, [&](const ViewSource& source) {
            if (!source.masked) options.problems->push_back(no_mask(source));
            return !source.masked;
        });
    state->frame_count = count_frames(state->rig, state->sources, pass_over);
    use_offsets(state->sources, options.offsets);
    for (const ViewSource& source : state->sources)
        state->views.push_back(
            {source.rig.name, source.rig.camera.resized(source.width, source.height), source.offset});
    for (std::string& line : views_that_look_away(state->views)) state->warnings.push_back(std::move(line));
    state->info.fps = state->rig.fps ? *state->rig.fps : video_fps.value_or(FrameRate{});
    state->info = take_info(*state, state->views);
    state->points = std::move(state->rig.points);
    if (!state->rig.points_path.empty())
        state->points = read_points_ply(state->rig.folder / state->rig.points_path);
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

const std::vector<std::string>& Capture::warnings() const {
    return state_->warnings;
}

namespace {

const ViewSource& source_of(const Capture::State& state, int view) {
    if (view < 0 || view >= int(state.views.size()))
        throw UsageError("the capture has views 0 to {}, not {}", state.views.size() - 1, view);
    return state.sources[std::size_t(view)];
}

void check_frame(const Capture::State& state, int frame) {
    if (frame < 0 || frame >= state.frame_count)
        throw UsageError("the capture has frames 0 to {}, not {}", state.frame_count - 1, frame);
}

}  // namespace

bool Capture::covers(int view, int frame) const {
    check_frame(*state_, frame);
    return source_of(*state_, view).own_frame(frame).has_value();
}

ViewImage Capture::read(int view, int frame) const {
    const ViewSource& source = source_of(*state_, view);
    check_frame(*state_, frame);
    return ViewFrames(source, state_->masks).read(frame);
}

std::optional<ViewImage> Capture::plate(int view) const {
    const ViewSource& source = source_of(*state_, view);
    if (!source.rig.background) return std::nullopt;
    Image8 image = read_image(*source.rig.background);
    if (image.width != source.stored_width || image.height != source.stored_height)
        throw InputError("{}: {} x {} pixels, expected the view's {} x {}", source.rig.background->string(),
                         image.width, image.height, source.stored_width, source.stored_height);
    return prepared(opaque(image), source);
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
