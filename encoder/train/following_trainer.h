// What trainers share whose frames follow each other: a segment's topology, and going on after a run's end.
#pragma once

#include <optional>

#include "encoder/train/image_training.h"
#include "encoder/train/regularise.h"
#include "encoder/train/trainer.h"

namespace volumen::train {

/// A segment's first cloud decides its topology; each later one is trained from the one before.
class FollowingTrainer : public Trainer {
  public:
    bool began_segment() const override { return frame_in_segment_ == 1; }
    const CameraColour& colour() const override { return training_.photometric.colour; }
    int iterations(int frame) const override { return frame_iterations(training_.settings, frame); }
    Bytes save() override;
    void restore(std::span<const std::uint8_t> state, const std::string& name,
                 const SegmentFrames& segment) override;

  protected:
    FollowingTrainer(const TakeInfo& info, const std::optional<PointCloud>& points,
                     const TrainSettings& settings)
        : training_(info, points, settings) {}

    /// Whether the frame to train is a segment's first.
    bool segment_begins() const {
        return frames_ == 0 || frame_in_segment_ == training_.settings.segment_frames;
    }
    /// Before a later frame of the take: cloud_ becomes previous_, and what it adds is taken in.
    void follow_on();
    /// cloud_ is trained; `begins`: it is a segment's first.
    void finish_frame(bool begins);

    ImageTraining training_;
    SplatCloud cloud_, previous_;
    int frames_ = 0;            ///< trained so far
    int frame_in_segment_ = 0;  ///< trained so far in this segment
    std::optional<RigidTerm> rigid_;

  private:
    /// What a segment's first cloud decides.
    virtual void begin_segment() = 0;
    /// What each cloud adds for the next frame of its segment.
    virtual void follow() = 0;
    /// The state that the segment's clouds do not tell; begin_segment() and follow() have seen them.
    virtual void segment_fields(Archive& archive) = 0;
    /// Whether that state can be one of such a run.
    virtual bool valid() const = 0;

    void take_fields(Archive& archive);
    void begin();
    void go_on();
};

}  // namespace volumen::train
