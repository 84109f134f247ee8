// The trainer of profile `v3`: splats whose changes are cheap to code as a video (V³, Wang et al. 2024).
#pragma once

#include <optional>
#include <utility>

#include "encoder/train/following_trainer.h"
#include "encoder/train/v3/residual_entropy.h"

namespace volumen::train {

/// Groups of frames are the segments. The take's first frame begins at the surface of the hull, grows more
/// splats than the budget, is pruned to it and tuned. Each later frame: where its splats moved, by a motion
/// field (stage 1), then all splats, held to the frame before and to changes that are cheap to code (stage
/// 2). A group's first frame is the next frame of the group before, tuned longer; where that fits worse than
/// keyframes have done, a second one begins at the surface, and the better of both is kept.
class V3Trainer : public FollowingTrainer {
  public:
    V3Trainer(const TakeInfo& info, const std::optional<PointCloud>& points, const TrainSettings& settings);

    const SplatCloud& next(const TrainingFrame& frame, const Report& report = {}) override;
    std::vector<std::string> notes() override { return std::exchange(notes_, {}); }

  private:
    void begin_segment() override;
    void follow() override { entropy_->rebase(cloud_); }
    void segment_fields(Archive& archive) override;
    bool valid() const override;
    SplatCloud keyframe_from_surface(const TrainingFrame& frame, Tick& tick);
    void prune_to(SplatCloud& cloud, std::size_t count) const;
    void move(const TrainingFrame& frame, Tick& tick);
    void fine_tune(const TrainingFrame& frame, Tick& tick);
    void next_keyframe(const TrainingFrame& frame, Tick& tick);
    TrainingFrame steadied(const TrainingFrame& frame, const SplatCloud& tracked);

    float take_extent_ = 1;  ///< largest side of the take's bounds: what the packer's steps are shares of
    float usual_residual_ = 0;       ///< of the last keyframe from the surface
    std::vector<glm::vec3> motion_;  ///< of each splat since the frame before, by the field
    std::optional<ResidualEntropy> entropy_;
    std::vector<std::string> notes_;
};

}  // namespace volumen::train
