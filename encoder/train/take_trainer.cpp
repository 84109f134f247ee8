#include "encoder/train/take_trainer.h"

#include <algorithm>
#include <cmath>

#include "encoder/train/few_cameras.h"
#include "encoder/train/hull.h"
#include "encoder/train/initialise.h"
#include "encoder/train/quaternion.h"

namespace volumen::train {
namespace {

constexpr int kDensifyEvery = 100;
constexpr float kDensifyFrom = 0.1f, kDensifyUntil = 0.6f;  ///< shares of the iterations of a still frame
constexpr int kPyramidLevels = 2;    ///< halvings of the coarsest image of the motion stage
constexpr int kSmallestSide = 64;    ///< images are not halved below it
constexpr float kRateDecay = 0.01f;  ///< last rate of positions, of the first
/// Share of a still frame's iterations before the depth terms: while splats are half transparent, they would
/// pull the front of a body and its back together.
constexpr float kDepthFrom = 0.5f;
constexpr int kDepthEvery = 2;  ///< the depth terms cost as much as an image: only so often
constexpr int kShSteps = 4;     ///< a still frame's SH grows by a degree each such part of its iterations
constexpr float kColourLater = 0.25f;  ///< rate of the cameras' colours after the first frame, of that in it

/// From 1 at t = 0 to `last` at t = 1, log-linear.
float decayed(float t, float last) {
    return std::pow(last, t);
}

/// A length that says how large the subject is: 1.5 times the median distance from the median point.
float extent_of(const SplatCloud& cloud) {
    const auto median = [](std::vector<float> values) {
        const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
        std::nth_element(values.begin(), middle, values.end());
        return *middle;
    };
    glm::vec3 centre;
    for (int a = 0; a < 3; ++a) {
        const std::span<const float> axis = cloud.channel(SplatCloud::kPosition + a);
        centre[a] = median({axis.begin(), axis.end()});
    }
    std::vector<float> distance(cloud.count);
    for (std::size_t i = 0; i < cloud.count; ++i) distance[i] = glm::length(position(cloud, i) - centre);
    return std::max(1.5f * median(distance), 1e-6f);
}

}  // namespace

/// Progress inside a frame.
struct TakeTrainer::Tick {
    const std::function<void(double)>& report;
    int of;
    mutable int done = 0;
    void operator()() const {
        ++done;
        if (report) report(double(done) / of);
    }
};

TakeTrainer::TakeTrainer(const TakeInfo& info, const std::optional<PointCloud>& points,
                         const TrainSettings& settings)
    : info_(info),
      points_(points),
      settings_(settings),
      random_(settings.seed),
      background_(info.background) {
    photometric_.colour = CameraColour(settings.colour);
}

const SplatCloud& TakeTrainer::next(const TrainingFrame& frame, const std::function<void(double)>& tick) {
    const bool first = cloud_.count == 0;
    const bool begins = first || frame_in_segment_ == settings_.segment_frames;
    const Tick count{tick, frame_iterations(settings_, frames_)};
    photometric_.colour_rate = (first ? 1 : kColourLater) * settings_.colour_rate;
    if (first) {
        TrainSettings start = settings_;
        if (settings_.pixels_per_splat > 0)
            start.splats =
                int(std::clamp<std::size_t>(subject_pixels(frame) / std::size_t(settings_.pixels_per_splat),
                                            1, std::size_t(start.splats)));
        budget_ = start.splats;
        cloud_ = initial_cloud(frame, info_, points_, start, random_);
        extent_ = extent_of(cloud_);
        train_still(frame, settings_.first_iterations, true, count);
    } else {
        previous_ = cloud_;
        follow();
        track_motion(frame, count);
        fine_tune(frame, count);
        if (begins) train_still(frame, settings_.refresh_iterations, false, count);
    }
    if (begins) {
        frame_in_segment_ = 0;
        begin_segment();
        last_motion_ = graph_->still();
    }
    ++frame_in_segment_, ++frames_;
    return cloud_;
}

/// What a segment's first cloud decides.
void TakeTrainer::begin_segment() {
    graph_.emplace(cloud_, settings_.graph_nodes);
    rigid_.emplace(cloud_);
}

/// What each cloud adds for the next frame of its segment.
void TakeTrainer::follow() {
    graph_->rebase(cloud_);
    rigid_->rebase(cloud_);
}

void TakeTrainer::fields(Archive& archive) {
    archive(random_);
    archive(extent_);
    archive(budget_);
    archive(frames_);
    archive(frame_in_segment_);
    archive(last_motion_);
    photometric_.colour.fields(archive);
}

Bytes TakeTrainer::save() {
    Archive archive;
    fields(archive);
    return archive.release();
}

void TakeTrainer::restore(std::span<const std::uint8_t> state, const std::string& name,
                          const std::function<SplatCloud(int)>& segment_cloud) {
    const auto check = [&](bool good) {
        if (!good) throw InputError("{}: does not fit the frames beside it; --restart begins anew", name);
    };
    Archive archive(state, name);
    fields(archive);
    archive.finish();
    check(frame_in_segment_ >= 1 && frame_in_segment_ <= settings_.segment_frames &&
          frames_ >= frame_in_segment_ && std::isfinite(extent_) && extent_ > 0 && budget_ >= 1 &&
          budget_ <= settings_.splats);
    // The graph and the rigid term are made anew from the clouds that made them.
    for (int frame = 0; frame < frame_in_segment_; ++frame) {
        SplatCloud cloud = segment_cloud(frame);
        check(cloud.count > 0);
        check(frame == 0 || (cloud.count == cloud_.count && cloud.sh_degree == cloud_.sh_degree));
        if (frame > 0) follow();
        cloud_ = std::move(cloud);
        if (frame == 0) begin_segment();
    }
    check(last_motion_.count == graph_->nodes() && last_motion_.sh_degree == 0);
}

std::vector<float> TakeTrainer::rates(float position_rate, float scale) const {
    std::vector<float> out(std::size_t(cloud_.channels()),
                           scale * settings_.sh_rate / settings_.rest_rate_divisor);
    const auto set = [&](int channel, int count, float rate) {
        std::fill_n(out.begin() + channel, count, rate);
    };
    set(SplatCloud::kPosition, 3, position_rate * extent_);
    set(SplatCloud::kRotation, 4, settings_.rotation_rate);
    set(SplatCloud::kScale, 3, scale * settings_.scale_rate);
    set(SplatCloud::kOpacity, 1, scale * settings_.opacity_rate);
    set(SplatCloud::kSh, 3, scale * settings_.sh_rate);
    return out;
}

void TakeTrainer::judge_colours(const TrainingFrame& frame, int sh_degree) {
    const auto wanted = [&](const TrainingView& view) { return photometric_.colour.wants(view.view); };
    if (std::ranges::none_of(frame.views, wanted)) return;
    RasterSettings raster;
    raster.background = background_, raster.sh_degree = sh_degree;
    photometric_.colour.judge(photometric_.colour_ratios(cloud_, frame, raster));
}

/// The image's gradient, with some splats sitting out.
void TakeTrainer::descend_view(const TrainingView& view, const RasterSettings& raster,
                               SplatCloud& gradients) {
    if (settings_.dropout <= 0) {
        photometric_(cloud_, view, raster, settings_.ssim_weight, gradients);
        return;
    }
    photometric_(dropout_.thin(cloud_, settings_.dropout, random_), view, raster, settings_.ssim_weight,
                 gradients);
    dropout_.pull_back(gradients);
}

/// Adds the gradients of the terms that make the splats a surface.
void TakeTrainer::keep_surface(const TrainingView& view, int iteration, int iterations,
                               SplatCloud& gradients) {
    const DepthWeights weights{kDepthEvery * settings_.spread_weight, kDepthEvery * settings_.smooth_weight};
    if (weights.any() && float(iteration) >= kDepthFrom * float(iterations) && iteration % kDepthEvery == 0)
        depth_terms_(cloud_, view, 0.5f * (info_.bounds_min + info_.bounds_max), extent_, weights, gradients);
    if (settings_.flat_weight > 0) flat_term(cloud_, settings_.flat_weight / extent_, gradients);
}

void TakeTrainer::train_still(const TrainingFrame& frame, int iterations, bool from_nothing,
                              const Tick& tick) {
    Adam adam;
    Densifier densifier;
    ViewOrder order(int(frame.views.size()));
    SplatCloud gradients;
    const float random_share = frame.views.front().alpha.empty() ? 0 : settings_.random_background;
    Densifier::Settings growth{.budget = std::size_t(budget_),
                               .opacity_floor = settings_.opacity_floor,
                               .extent = extent_,
                               .doomed = {}};
    const float start_rate = from_nothing ? settings_.position_rate : 0.3f * settings_.position_rate;
    const int from = int(kDensifyFrom * float(iterations)), until = int(kDensifyUntil * float(iterations));
    for (int i = 0; i < iterations; ++i) {
        const float t = float(i) / float(iterations);
        RasterSettings raster;
        raster.background = draw_background(random_, random_share, background_);
        // Low SH degrees settle first.
        raster.sh_degree =
            from_nothing ? std::min(settings_.sh_degree, i * kShSteps / iterations) : settings_.sh_degree;
        if (from_nothing && i == iterations / kShSteps) judge_colours(frame, 0);
        const TrainingView& view = frame.views[std::size_t(order.next(random_))];
        descend_view(view, raster, gradients);
        shrink_term(cloud_, settings_.opacity_weight, settings_.size_weight / extent_, gradients);
        keep_surface(view, i, iterations, gradients);
        adam.step(cloud_, gradients, rates(start_rate * decayed(t, kRateDecay), 1));
        if (i < until) densifier.observe(photometric_.rasteriser);
        if (i >= from && i < until && i % kDensifyEvery == 0) {
            if (settings_.hull_slack > 0)
                growth.doomed = outside_hull(frame, cloud_, settings_.hull_slack * extent_);
            densifier.run(cloud_, adam, growth, random_);
        }
        tick();
    }
}

void TakeTrainer::track_motion(const TrainingFrame& frame, const Tick& tick) {
    std::vector<TrainingFrame> smaller;
    const TrainingFrame* level_frame = &frame;
    for (int level = 0; level < kPyramidLevels; ++level) {
        const Camera& camera = level_frame->views.front().camera;
        if (std::min(camera.width, camera.height) < 2 * kSmallestSide) break;
        smaller.push_back(half_size(*level_frame));
        level_frame = &smaller.back();
    }
    SplatCloud motion = last_motion_, gradients, d_motion;
    Adam adam;
    ViewOrder order(int(frame.views.size()));
    const float random_share = frame.views.front().alpha.empty() ? 0 : settings_.random_background;
    std::vector<float> node_rates(std::size_t(motion.channels()), 0);
    const int levels = int(smaller.size()) + 1;
    const int iterations = coarse_iterations(settings_, frame_in_segment_);
    for (int i = 0; i < iterations; ++i) {
        const float t = float(i) / float(iterations);
        const int level = levels - 1 - std::min(int(t * float(levels)), levels - 1);
        const TrainingFrame& images = level == 0 ? frame : smaller[std::size_t(level - 1)];
        const float rate = settings_.graph_rate * decayed(t, 0.1f);
        std::fill_n(node_rates.begin() + SplatCloud::kPosition, 3, rate * extent_);
        std::fill_n(node_rates.begin() + SplatCloud::kRotation, 4, rate);
        RasterSettings raster;
        raster.background = draw_background(random_, random_share, background_);
        raster.compensate = level > 0;  // small images: splats thinner than a pixel must not grow
        graph_->warp(motion, cloud_);
        photometric_(cloud_, images.views[std::size_t(order.next(random_))], raster, settings_.ssim_weight,
                     gradients);
        graph_->pull_back(motion, gradients, d_motion);
        graph_->arap(motion, settings_.arap_weight, d_motion);
        adam.step(motion, d_motion, node_rates);
        tick();
    }
    graph_->warp(motion, cloud_);
    last_motion_ = motion;
}

void TakeTrainer::fine_tune(const TrainingFrame& frame, const Tick& tick) {
    Adam adam;
    ViewOrder order(int(frame.views.size()));
    SplatCloud gradients;
    const float random_share = frame.views.front().alpha.empty() ? 0 : settings_.random_background;
    std::vector<float> temporal(std::size_t(cloud_.channels()), settings_.temporal_weight);
    std::fill_n(temporal.begin() + SplatCloud::kPosition, 3, settings_.temporal_weight / extent_);
    judge_colours(frame, settings_.sh_degree);  // of cameras that had no image before
    for (int i = 0; i < settings_.fine_iterations; ++i) {
        const float t = float(i) / float(settings_.fine_iterations);
        RasterSettings raster;
        raster.background = draw_background(random_, random_share, background_);
        const TrainingView& view = frame.views[std::size_t(order.next(random_))];
        descend_view(view, raster, gradients);
        (*rigid_)(cloud_, settings_.rigid_weight, gradients);
        temporal_term(cloud_, previous_, temporal, gradients);
        const float decay = decayed(t, 0.1f);
        adam.step(cloud_, gradients,
                  rates(settings_.fine_position_rate * decay, settings_.fine_rate_scale * decay));
        tick();
    }
}

}  // namespace volumen::train
