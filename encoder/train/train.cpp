#include "encoder/train/train.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "encoder/model.h"
#include "encoder/new_directory.h"
#include "encoder/train/quaternion.h"
#include "encoder/train/take_trainer.h"
#include "formats/core/error.h"

namespace volumen::train {
namespace {

std::vector<int> training_views(const Capture& capture, const std::vector<int>& held_out) {
    const int count = int(capture.views().size());
    for (const int view : held_out)
        if (view < 0 || view >= count)
            throw UsageError("--views-holdout {}: the capture has views 0 to {}", view, count - 1);
    std::vector<int> views;
    for (int view = 0; view < count; ++view)
        if (std::ranges::find(held_out, view) == held_out.end()) views.push_back(view);
    if (views.empty()) throw UsageError("--views-holdout leaves no view to train on");
    return views;
}

/// Bounds of the opaque splats, without the farthest thousandth on each side of each axis.
struct Bounds {
    glm::vec3 low{INFINITY}, high{-INFINITY};

    void add(const SplatCloud& cloud) {
        for (int a = 0; a < 3; ++a) {
            std::vector<float> axis;
            for (std::size_t i = 0; i < cloud.count; ++i)
                if (cloud.channel(SplatCloud::kOpacity)[i] > 0)
                    axis.push_back(cloud.channel(SplatCloud::kPosition + a)[i]);
            if (axis.empty()) continue;
            const std::size_t cut = axis.size() / 1000;
            std::nth_element(axis.begin(), axis.begin() + std::ptrdiff_t(cut), axis.end());
            low[a] = std::min(low[a], axis[cut]);
            std::nth_element(axis.begin(), axis.end() - 1 - std::ptrdiff_t(cut), axis.end());
            high[a] = std::max(high[a], axis[axis.size() - 1 - cut]);
        }
    }
};

/// The ground is where the performer's lowest point along `up` was.
float floor_of(const Bounds& bounds, glm::vec3 up) {
    float floor = 0;
    for (int a = 0; a < 3; ++a) floor += up[a] * (up[a] > 0 ? bounds.low[a] : bounds.high[a]);
    return floor;
}

/// Tells what is passed over, each once.
class Warnings {
  public:
    Warnings(const std::function<void(const std::string&)>& warn, const Capture& capture)
        : warn_(warn), last_(capture.views().size()) {
        for (const std::string& line : capture.warnings()) tell(line);
    }
    void tell(const CaptureFrame& frame, const std::vector<int>& views) {
        for (std::size_t i = 0; i < views.size(); ++i) {
            const std::string& problem = frame.images[i].problem;
            std::string& last = last_[std::size_t(views[i])];
            if (problem.empty() || problem == last) continue;
            tell(fmt::format("frame {}, view {} is left out: {}", frame.index, views[i], problem));
            last = problem;
        }
    }

  private:
    void tell(const std::string& line) {
        if (warn_) warn_(line);
    }

    const std::function<void(const std::string&)>& warn_;
    std::vector<std::string> last_;  ///< one a view, so that memory does not grow with the take
};

}  // namespace

TrainResult train_capture(const std::filesystem::path& path, const std::filesystem::path& model,
                          const TrainOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    const Capture capture = Capture::open(
        path,
        {.width = options.width, .height = options.height, .scale = options.scale, .strict = options.strict});
    Warnings warnings(options.warn, capture);
    const std::vector<int> views = training_views(capture, options.held_out_views);
    const int end = options.end_frame < 0 ? capture.frame_count() : options.end_frame;
    if (options.first_frame < 0 || options.first_frame >= end || end > capture.frame_count())
        throw UsageError("--frames {}:{}: the capture has frames 0:{}", options.first_frame, end,
                         capture.frame_count());
    const int frames = end - options.first_frame;

    ModelInfo info;
    info.take = capture.info(views);
    info.sh_degree = options.settings.sh_degree;
    info.first_capture_frame = options.first_frame;
    info.held_out_views = options.held_out_views;
    info.width = capture.views()[std::size_t(views.front())].camera.width;
    info.height = capture.views()[std::size_t(views.front())].camera.height;

    NewDirectory directory(model, kModelFile);

    TakeTrainer trainer(info.take, capture.points(), options.settings);
    FrameReader reader(capture, views, options.first_frame, end);
    Bounds bounds;
    TrainResult result;
    while (const std::optional<CaptureFrame> images = reader.next()) {
        const int frame = result.frames;
        warnings.tell(*images, views);
        const SplatCloud& cloud =
            trainer.next(make_training_frame(capture, views, *images), [&](double share) {
                if (options.progress) options.progress(frame, frames, share);
            });
        if (trainer.began_segment()) info.segments.push_back({frame, 0});
        ++info.segments.back().frame_count;
        write_ply(model_frame_path(directory.path(), frame), cloud);
        bounds.add(cloud);
        result.splats = std::max(result.splats, cloud.count);
        ++result.frames;
    }
    if (bounds.low.x <= bounds.high.x) {
        info.take.bounds_min = bounds.low, info.take.bounds_max = bounds.high;
        info.take.floor = floor_of(bounds, info.take.up);
    }
    write_model_info(directory.path(), info);
    directory.commit();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

}  // namespace volumen::train
