// The trainer of profile `auto`: splats that are free in every frame.
#pragma once

#include <optional>

#include "encoder/train/following_trainer.h"

namespace volumen::train {

/// The first frame is trained from nothing (initial_cloud), each later one from the one before: motion graph
/// on small, then larger images, then all splats.
class TakeTrainer : public FollowingTrainer {
  public:
    TakeTrainer(const TakeInfo& info, const std::optional<PointCloud>& points, const TrainSettings& settings)
        : FollowingTrainer(info, points, settings) {}

    const SplatCloud& next(const TrainingFrame& frame, const Report& report = {}) override;

  private:
    void begin_segment() override;
    void follow() override { graph_->rebase(cloud_); }
    void segment_fields(Archive& archive) override { archive(last_motion_); }
    bool valid() const override {
        return last_motion_.count == graph_->nodes() && last_motion_.sh_degree == 0;
    }
    void train_still(const TrainingFrame& frame, int iterations, bool from_nothing, Tick& tick);

    std::optional<MotionGraph> graph_;
    SplatCloud last_motion_;  ///< of the graph: where the next frame's search starts (constant velocity)
};

}  // namespace volumen::train
