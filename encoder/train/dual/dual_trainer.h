// The trainer of profile `dualgs`: joints that move, skin that shows (DualGS, Jiang et al. 2024, section 4).
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "encoder/train/residual.h"
#include "encoder/train/dual/timeline.h"
#include "encoder/train/image_training.h"
#include "encoder/train/regularise.h"
#include "encoder/train/trainer.h"

namespace volumen::train {

/// The take's first frame: joints and skin are trained from nothing, one after the other. Each later frame:
/// the joints' coarse motion by a small graph, through the skin; then the joints alone; then the joints
/// through the skin, and its looks, which stay as they were wherever images let them. When a segment is
/// whole, and now and then before, passes over all its frames refine the skin at its first frame, all joints
/// and all looks together: what one frame alone makes of skin that others see better would not fit them.
///
/// A frame's skin is that of the segment's first frame, posed by the joints' motion since then, and looks of
/// its own.
class DualTrainer : public Trainer {
  public:
    DualTrainer(const TakeInfo& info, const std::optional<PointCloud>& points, const TrainSettings& settings);

    const SplatCloud& next(const TrainingFrame& frame, const Report& report = {}) override;
    const SplatCloud* joints() const override { return &joints_.back(); }
    bool began_segment() const override { return joints_.size() == 1; }
    const CameraColour& colour() const override { return training_.photometric.colour; }
    std::vector<std::string> notes() override { return std::exchange(notes_, {}); }
    std::string summary() const override;

    int passes_left(bool at_end) const override;
    void refine(SegmentViews& views, bool at_end, const Report& report = {}) override;
    bool unsettled() const override { return unsettled_; }
    SplatCloud refined(int frame) const override;
    SplatCloud refined_joints(int frame) const override { return joints_[std::size_t(frame)]; }
    void settle() override;

    int iterations(int frame) const override { return frame_iterations(training_.settings, frame); }
    int refine_iterations(int segment_frames, bool at_end) const override;
    Bytes save() override;
    void restore(std::span<const std::uint8_t> state, const std::string& name,
                 const SegmentFrames& segment) override;

  private:
    /// The passes that follow a segment's frame.
    struct Passes {
        int count = 0, rounds = 0;
        float last_rate = 1;  ///< of the first
    };
    Passes passes_after(std::size_t segment_frames, bool at_end) const;
    void fields(Archive& archive);
    SplatCloud train_joints(const TrainingFrame& frame, Tick& tick);
    void train_skin(const TrainingFrame& frame, int iterations, bool from_nothing, Tick& tick);
    void track(const TrainingFrame& frame, Tick& tick);
    void search(const Pyramid& images, SplatCloud& joints, Tick& tick);
    void move_joints(const TrainingFrame& frame, SplatCloud& joints, Tick& tick);
    void tune_skin(const TrainingFrame& frame, SplatCloud& joints, Tick& tick);
    void begin_segment(SplatCloud joints);
    void replay();
    void hang_skin();
    void pose(std::size_t frame, SplatCloud& cloud) const;

    ImageTraining training_;
    int frames_ = 0;                  ///< trained so far
    SplatCloud canonical_;            ///< the skin at the segment's first frame
    std::vector<SplatCloud> joints_;  ///< of each frame of the segment so far; rotations are unit
    SplatCloud cloud_;                ///< the skin of the last frame
    Timeline timeline_;               ///< the looks of the segment's frames
    Skinning skin_;                   ///< canonical_ on joints_[0]
    std::optional<MotionGraph> graph_;
    std::optional<RigidTerm> rigid_;  ///< over the joints
    SplatCloud last_motion_;  ///< of the graph: where the next frame's search starts (constant velocity)
    LimbWatch limbs_;
    std::vector<std::string> notes_;
    int searched_again_ = 0;  ///< frames
    int passes_ = 0;          ///< made since the last frame
    int unsettled_ = 0;       ///< boolean: passes changed frames that were handed out
};

}  // namespace volumen::train
