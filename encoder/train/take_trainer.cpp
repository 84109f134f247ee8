#include "encoder/train/take_trainer.h"

namespace volumen::train {

const SplatCloud& TakeTrainer::next(const TrainingFrame& frame, const Report& report) {
    const TrainSettings& settings = training_.settings;
    const bool first = frames_ == 0, begins = segment_begins();
    Tick tick(report, iterations(frames_));
    training_.begin_frame(first);
    if (first) {
        training_.budget = training_.affordable_splats(frame);
        cloud_ = training_.start(frame, training_.budget, settings.start_share, settings.sh_degree);
        training_.extent = extent_of(cloud_);
        train_still(frame, settings.first_iterations, true, tick);
    } else {
        follow_on();
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
    finish_frame(begins);
    return cloud_;
}

void TakeTrainer::begin_segment() {
    graph_.emplace(cloud_, training_.settings.graph_nodes);
    last_motion_ = graph_->still();
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
