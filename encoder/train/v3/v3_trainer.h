// The trainer of profile `v3`: splats whose changes are cheap to code as a video (V³, Wang et al. 2024).
#pragma once

#include <optional>
#include <utility>

#include "encoder/train/image_training.h"
#include "encoder/train/regularise.h"
#include "encoder/train/trainer.h"
#include "encoder/train/v3/residual_entropy.h"

namespace volumen::train {

/// Groups of frames are the segments. The take's first frame begins at the surface of the hull, grows more
/// splats than the budget, is pruned to it and tuned. Each later frame: where its splats moved, by a motion
/// field (stage 1), then all splats, held to the frame before and to changes that are cheap to code (stage
/// 2). A group's first frame is the next frame of the group before, tuned longer; where that fits worse than
/// keyframes have done, a second one begins at the surface, and the better of both is kept.
class V3Trainer : public Trainer {
  public:
    V3Trainer(const TakeInfo& info, const std::optional<PointCloud>& points, const TrainSettings& settings);

    const SplatCloud& next(const TrainingFrame& frame, const Report& report = {}) override;
    bool began_segment() const override { return frame_in_segment_ == 1; }
    const CameraColour& colour() const override { return training_.photometric.colour; }
    std::vector<std::string> notes() override { return std::exchange(notes_, {}); }
    int iterations(int frame) const override { return frame_iterations(training_.settings, frame); }
    Bytes save() override;
    void restore(std::span<const std::uint8_t> state, const std::string& name,
                 const SegmentFrames& segment) override;

  private:
    void fields(Archive& archive);
    void begin_segment();
    void follow();
    SplatCloud keyframe_from_surface(const TrainingFrame& frame, Tick& tick);
    void prune_to(SplatCloud& cloud, std::size_t count) const;
    void move(const TrainingFrame& frame, Tick& tick);
    void fine_tune(const TrainingFrame& frame, Tick& tick);
    void next_keyframe(const TrainingFrame& frame, Tick& tick);
    TrainingFrame steadied(const TrainingFrame& frame, const SplatCloud& tracked);

    ImageTraining training_;
    float take_extent_ = 1;  ///< largest side of the take's bounds: what the packer's steps are shares of
    SplatCloud cloud_, previous_;
    int frames_ = 0;                 ///< trained so far
    int frame_in_segment_ = 0;       ///< trained so far in this segment
    float usual_residual_ = 0;       ///< of the last keyframe from the surface
    std::vector<glm::vec3> motion_;  ///< of each splat since the frame before, by the field
    std::optional<RigidTerm> rigid_;
    std::optional<ResidualEntropy> entropy_;
    std::vector<std::string> notes_;
};

}  // namespace volumen::train
