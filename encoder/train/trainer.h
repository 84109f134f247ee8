// What train_capture drives: the trainer of a profile.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "encoder/train/camera_colour.h"
#include "encoder/train/settings.h"
#include "encoder/train/training_frame.h"
#include "formats/core/bytes.h"

namespace volumen::train {

/// Told after each iteration which share of the work is done, up to 1.
using Report = std::function<void(double share)>;

/// The images of a segment's frames once more, frames counted from 0 at the segment's first.
class SegmentViews {
  public:
    virtual ~SegmentViews() = default;
    /// Called before each pass: which views there are may change with it.
    virtual void prepare(int pass) = 0;
    virtual int frames() const = 0;
    virtual std::size_t count(int frame) const = 0;  ///< of views, at least 1
    virtual TrainingView view(int frame, std::size_t index) const = 0;
};

/// The frames of a segment as they were handed out, counted from 0 at the segment's first.
struct SegmentFrames {
    std::function<SplatCloud(int frame)> cloud;
    std::function<SplatCloud(int frame)> joints;  ///< of a profile that has them
};

/// Trains a take frame by frame. Same seed, same frames, same machine: the same clouds.
class Trainer {
  public:
    virtual ~Trainer() = default;

    /// Trains the next frame.
    virtual const SplatCloud& next(const TrainingFrame& frame, const Report& report = {}) = 0;
    /// The joints of the frame just trained, in a profile that has them.
    virtual const SplatCloud* joints() const { return nullptr; }
    /// Whether the frame just trained began a segment (a topology of its own).
    virtual bool began_segment() const = 0;
    /// What the cameras were found to make of colours so far.
    virtual const CameraColour& colour() const = 0;
    /// Lines for the user on what happened since the last call.
    virtual std::vector<std::string> notes() { return {}; }
    /// A line on the whole take, or nothing.
    virtual std::string summary() const { return {}; }

    /// Passes over the segment's frames so far that are to be made before the next frame, or `at_end` of the
    /// take.
    virtual int passes_left(bool /*at_end*/) const { return 0; }
    /// Makes the next of them.
    virtual void refine(SegmentViews& /*views*/, bool /*at_end*/, const Report& /*report*/ = {}) {}
    /// Whether passes changed frames that were handed out: once none is left, refined() hands them out again,
    /// and settle() says that they are kept.
    virtual bool unsettled() const { return false; }
    virtual SplatCloud refined(int /*frame*/) const { return {}; }
    virtual SplatCloud refined_joints(int /*frame*/) const { return {}; }
    virtual void settle() {}

    /// Iterations of a frame of the take, counted from 0.
    virtual int iterations(int frame) const = 0;
    /// Of all passes that follow a segment's frame, so many having been trained in it.
    virtual int refine_iterations(int /*segment_frames*/, bool /*at_end*/) const { return 0; }

    /// What later frames depend on besides the frames of the segment so far: kept from frame to frame, and
    /// from pass to pass, so that a run can go on with the same bits.
    virtual Bytes save() = 0;
    /// The state that save() gave. Throws InputError where `state` or a cloud is not of such a run.
    virtual void restore(std::span<const std::uint8_t> state, const std::string& name,
                         const SegmentFrames& segment) = 0;
};

/// The trainer of settings.profile.
std::unique_ptr<Trainer> make_trainer(const TakeInfo& info, const std::optional<PointCloud>& points,
                                      const TrainSettings& settings);

}  // namespace volumen::train
