#include "encoder/train/take_trainer.h"

#include <algorithm>

#include "formats/core/error.h"

namespace volumen::train {

TakeTrainer::TakeTrainer(const TakeInfo& info, const std::optional<PointCloud>& points,
                         const TrainSettings& settings)
    : training_(info, points, settings) {}

const SplatCloud& TakeTrainer::next(const TrainingFrame& frame, const Report& report) {
    const TrainSettings& settings = training_.settings;
    const bool first = frames_ == 0;
    const bool begins = first || frame_in_segment_ == settings.segment_frames;
    Tick tick(report, iterations(frames_));
    training_.begin_frame(first);
    if (first) {
        training_.budget = training_.affordable_splats(frame);
        cloud_ = training_.start(frame, training_.budget, settings.start_share, settings.sh_degree);
        training_.extent = extent_of(cloud_);
        train_still(frame, settings.first_iterations, true, tick);
    } else {
        previous_ = cloud_;
        follow();
        const MotionGraph& graph = *graph_;
        const Deformation deformation{
            [&](const SplatCloud& motion, SplatCloud& cloud) { graph.warp(motion, cloud); },
            [&](const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_motion) {
                graph.pull_back(motion, d_cloud, d_motion);
            }};
        const MotionSearch search{.iterations = coarse_iterations(settings, frame_in_segment_),
                                  .rate = settings.graph_rate};
        const Pyramid images(frame, search.halvings);
        training_.search_motion(deformation, graph, images, search, cloud_, last_motion_, tick);
        training_.fine_tune(cloud_, previous_, *rigid_, frame, {}, tick);
        if (begins) train_still(frame, settings.refresh_iterations, false, tick);
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
    graph_.emplace(cloud_, training_.settings.graph_nodes);
    rigid_.emplace(cloud_);
}

/// What each cloud adds for the next frame of its segment.
void TakeTrainer::follow() {
    graph_->rebase(cloud_);
    rigid_->rebase(cloud_);
}

void TakeTrainer::fields(Archive& archive) {
    training_.fields(archive);
    archive(frames_);
    archive(frame_in_segment_);
    archive(last_motion_);
}

Bytes TakeTrainer::save() {
    Archive archive;
    fields(archive);
    return archive.release();
}

void TakeTrainer::restore(std::span<const std::uint8_t> state, const std::string& name,
                          const SegmentFrames& segment) {
    const auto check = [&](bool good) {
        if (!good) throw InputError("{}: does not fit the frames beside it; --restart begins anew", name);
    };
    Archive archive(state, name);
    fields(archive);
    archive.finish();
    check(frame_in_segment_ >= 1 && frame_in_segment_ <= training_.settings.segment_frames &&
          frames_ >= frame_in_segment_ && training_.valid());
    // The graph and the rigid term are made anew from the clouds that made them.
    for (int frame = 0; frame < frame_in_segment_; ++frame) {
        SplatCloud cloud = segment.cloud(frame);
        check(cloud.count > 0);
        check(frame == 0 || (cloud.count == cloud_.count && cloud.sh_degree == cloud_.sh_degree));
        if (frame > 0) follow();
        cloud_ = std::move(cloud);
        if (frame == 0) begin_segment();
    }
    check(last_motion_.count == graph_->nodes() && last_motion_.sh_degree == 0);
}

void TakeTrainer::train_still(const TrainingFrame& frame, int iterations, bool from_nothing, Tick& tick) {
    training_.train_still(cloud_, frame,
                          {.iterations = iterations,
                           .from_nothing = from_nothing,
                           .judge_colours = from_nothing,
                           .budget = std::size_t(training_.budget),
                           .opacity_floor = training_.settings.opacity_floor},
                          tick);
}

}  // namespace volumen::train
