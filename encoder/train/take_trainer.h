// The trainer of profile `auto`: splats that are free in every frame.
#pragma once

#include <optional>

#include "encoder/train/image_training.h"
#include "encoder/train/regularise.h"
#include "encoder/train/trainer.h"

namespace volumen::train {

/// The first frame is trained from nothing (initial_cloud), each later one from the one before: motion graph
/// on small, then larger images, then all splats.
class TakeTrainer : public Trainer {
  public:
    TakeTrainer(const TakeInfo& info, const std::optional<PointCloud>& points, const TrainSettings& settings);

    const SplatCloud& next(const TrainingFrame& frame, const Report& report = {}) override;
    bool began_segment() const override { return frame_in_segment_ == 1; }
    const CameraColour& colour() const override { return training_.photometric.colour; }
    int iterations(int frame) const override { return frame_iterations(training_.settings, frame); }
    Bytes save() override;
    void restore(std::span<const std::uint8_t> state, const std::string& name,
                 const SegmentFrames& segment) override;

  private:
    void fields(Archive& archive);
    void begin_segment();
    void follow();
    void train_still(const TrainingFrame& frame, int iterations, bool from_nothing, Tick& tick);

    ImageTraining training_;
    SplatCloud cloud_, previous_;
    int frames_ = 0;            ///< trained so far
    int frame_in_segment_ = 0;  ///< trained so far in this segment
    std::optional<MotionGraph> graph_;
    std::optional<RigidTerm> rigid_;
    SplatCloud last_motion_;  ///< of the graph: where the next frame's search starts (constant velocity)
};

}  // namespace volumen::train
