#include "encoder/train/v3/v3_trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "encoder/pack/rotation.h"
#include "encoder/train/residual.h"
#include "encoder/train/skinning.h"
#include "encoder/train/v3/motion_field.h"

namespace volumen::train {
namespace {

/// Pruning goes in so many steps, with so large a share of the keyframe's iterations after each but the last.
constexpr int kPruneSteps = 3;
constexpr float kPruneShare = 0.05f;
constexpr float kNever = 2;  ///< densification, as a share of the iterations
/// The field's box is the group's first frame's, and so much of its largest side more on each side.
constexpr float kBoxMargin = 0.1f;
constexpr int kHalvings = 2;  ///< of the smallest images that the field is trained on

}  // namespace

V3Trainer::V3Trainer(const TakeInfo& info, const std::optional<PointCloud>& points,
                     const TrainSettings& settings)
    : FollowingTrainer(info, points, settings) {
    const glm::vec3 size = info.bounds_max - info.bounds_min;
    take_extent_ = std::max({size.x, size.y, size.z, 1e-6f});
}

const SplatCloud& V3Trainer::next(const TrainingFrame& frame, const Report& report) {
    const bool first = frames_ == 0, begins = segment_begins();
    Tick tick(report, iterations(frames_));
    training_.begin_frame(first);
    if (first) {
        training_.budget = training_.affordable_splats(frame);
        cloud_ = keyframe_from_surface(frame, tick);
        usual_residual_ = residual(training_.photometric.rasteriser, cloud_, frame).mean;
    } else {
        follow_on();
        move(frame, tick);
        fine_tune(frame, tick);
        if (begins) next_keyframe(frame, tick);
    }
    if (begins) canonicalise_rotations({&cloud_, 1});
    finish_frame(begins);
    return cloud_;
}

void V3Trainer::begin_segment() {
    entropy_.emplace(cloud_, take_extent_, training_.settings.v3.entropy_steps);
    if (motion_.size() != cloud_.count) motion_.assign(cloud_.count, glm::vec3(0));
}

SplatCloud V3Trainer::keyframe_from_surface(const TrainingFrame& frame, Tick& tick) {
    const TrainSettings& settings = training_.settings;
    const auto share = [&](float of) { return int(of * float(settings.first_iterations)); };
    const std::size_t budget = std::size_t(training_.budget);
    const std::size_t grown = std::size_t(settings.v3.surplus * float(budget));
    SplatCloud cloud = training_.start(frame, int(grown), settings.start_share, settings.sh_degree);
    if (frames_ == 0) training_.extent = extent_of(cloud);
    const int growing = share(settings.v3.grow_share);
    training_.train_still(cloud, frame,
                          {.iterations = growing,
                           .from_nothing = true,
                           .judge_colours = true,
                           .budget = grown,
                           .opacity_floor = settings.opacity_floor},
                          tick);
    const std::size_t excess = cloud.count > budget ? cloud.count - budget : 0;
    int left = settings.first_iterations - growing;
    for (int step = 1; step <= kPruneSteps; ++step) {
        prune_to(cloud, budget + excess * std::size_t(kPruneSteps - step) / kPruneSteps);
        const int iterations = step < kPruneSteps ? std::min(share(kPruneShare), left) : left;
        training_.train_still(cloud, frame,
                              {.iterations = iterations,
                               .budget = cloud.count,
                               .densify_from = kNever,
                               .densify_until = kNever},
                              tick);
        left -= iterations;
    }
    return cloud;
}

/// Leaves the most opaque, in their order.
void V3Trainer::prune_to(SplatCloud& cloud, std::size_t count) const {
    if (cloud.count <= count) return;
    std::vector<std::size_t> order(cloud.count);
    std::iota(order.begin(), order.end(), std::size_t(0));
    const auto opacity = std::as_const(cloud).channel(SplatCloud::kOpacity);
    std::nth_element(order.begin(), order.begin() + std::ptrdiff_t(count), order.end(),
                     [&](std::size_t a, std::size_t b) {
                         return opacity[a] != opacity[b] ? opacity[a] > opacity[b] : a < b;
                     });
    order.resize(count);
    std::ranges::sort(order);
    cloud = gather(cloud, order);
}

/// Stage 1: cloud_ from previous_, moved on as it moved before, and by a field.
void V3Trainer::move(const TrainingFrame& frame, Tick& tick) {
    const TrainSettings& settings = training_.settings;
    for (int axis = 0; axis < 3; ++axis)
        for (std::size_t i = 0; i < cloud_.count; ++i)
            cloud_.channel(SplatCloud::kPosition + axis)[i] += motion_[i][axis];
    const SplatCloud base = cloud_;
    glm::vec3 low(INFINITY), high(-INFINITY);
    for (const glm::vec3 p : positions(base)) low = glm::min(low, p), high = glm::max(high, p);
    const glm::vec3 side = high - low;
    const float margin = kBoxMargin * std::max({side.x, side.y, side.z, 1e-6f});
    MotionField field(low - margin, high + margin, training_.random);
    field.rebase(base);

    const Pyramid images(frame, kHalvings);
    ViewOrder order(int(frame.views.size()));
    SplatCloud gradients;
    const int iterations = settings.v3.field_iterations;
    for (int i = 0; i < iterations; ++i) {
        const float t = float(i) / float(iterations);
        const std::size_t level =
            images.levels() - 1 - std::min(std::size_t(t * float(images.levels())), images.levels() - 1);
        RasterSettings raster = training_.raster(frame);
        raster.compensate = level > 0;
        const TrainingView& view = images.level(level).views[std::size_t(order.next(training_.random))];
        training_.photometric(cloud_, view, raster, settings.ssim_weight, gradients);
        (*rigid_)(cloud_, settings.v3.field_rigid_weight, gradients);
        field.pull_back(gradients);
        field.step(settings.v3.field_rate * decayed(t, 0.1f));
        field.warp(cloud_);
        tick();
    }
    make_unit(cloud_);
    for (std::size_t i = 0; i < cloud_.count; ++i) motion_[i] = position(cloud_, i) - position(previous_, i);
}

/// Stage 2.
void V3Trainer::fine_tune(const TrainingFrame& frame, Tick& tick) {
    const V3Settings& v3 = training_.settings.v3;
    const CloudTerms cheap = [&](const SplatCloud& cloud, SplatCloud& gradients) {
        (*entropy_)(cloud, v3.entropy_weight, training_.random(), gradients);
    };
    training_.fine_tune(cloud_, previous_, *rigid_, frame, cheap, tick);
}

/// cloud_ has come from the group before, and becomes a keyframe.
void V3Trainer::next_keyframe(const TrainingFrame& frame, Tick& tick) {
    const TrainSettings& settings = training_.settings;
    const std::vector<float> temporal = training_.temporal_weights(cloud_);
    training_.train_still(
        cloud_, frame,
        {.iterations = settings.refresh_iterations,
         .budget = cloud_.count,
         .densify_from = kNever,
         .densify_until = kNever,
         .terms = [&](const SplatCloud& cloud,
                      SplatCloud& gradients) { temporal_term(cloud, previous_, temporal, gradients); }},
        tick);
    Rasteriser& rasteriser = training_.photometric.rasteriser;
    const float tracked = residual(rasteriser, cloud_, frame).mean;
    if (tracked <= settings.v3.surface_again * usual_residual_) return;
    Tick standing = tick.standing();
    SplatCloud again = keyframe_from_surface(steadied(frame, cloud_), standing);
    const float anew = residual(rasteriser, again, frame).mean;
    usual_residual_ = std::min(anew, tracked);
    notes_.push_back(fmt::format(
        "a keyframe from the surface errs by {:.4f}, one from the group before by {:.4f}: the {} one", anew,
        tracked, anew < tracked ? "first" : "second"));
    if (anew < tracked) cloud_ = std::move(again), motion_.clear();
}

/// The frame's images with a share of what the tracked cloud shows: a keyframe trained on them does not jump.
TrainingFrame V3Trainer::steadied(const TrainingFrame& frame, const SplatCloud& tracked) {
    const float share = training_.settings.v3.border_share;
    Photometric& photometric = training_.photometric;
    TrainingFrame out = frame;
    PlanarImage seen;
    RasterSettings raster;
    raster.background = glm::vec3(0);
    for (TrainingView& view : out.views) {
        const bool masked = !view.alpha.empty();
        const PlanarImage& render = photometric.rasteriser.forward(tracked, view.camera, raster);
        const std::span<const float> coverage =
            masked ? photometric.rasteriser.alpha() : std::span<const float>();
        photometric.colour.apply(view.view, render, coverage, raster.background, seen);
        const auto blend = [&](float& value, float with) { value += share * (with - value); };
        for (std::size_t i = 0; i < seen.values.size(); ++i) blend(view.colour.values[i], seen.values[i]);
        for (std::size_t i = 0; i < view.alpha.size(); ++i) blend(view.alpha[i], coverage[i]);
    }
    return out;
}

void V3Trainer::segment_fields(Archive& archive) {
    archive(usual_residual_);
    archive(motion_);
    entropy_->fields(archive);
}

bool V3Trainer::valid() const {
    return std::isfinite(usual_residual_) && motion_.size() == cloud_.count;
}

}  // namespace volumen::train
