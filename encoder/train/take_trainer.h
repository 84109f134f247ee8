// Trains a take frame by frame.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>

#include "encoder/train/adam.h"
#include "encoder/train/archive.h"
#include "encoder/train/densify.h"
#include "encoder/train/depth_terms.h"
#include "encoder/train/dropout.h"
#include "encoder/train/motion_graph.h"
#include "encoder/train/photometric.h"
#include "encoder/train/regularise.h"
#include "encoder/train/settings.h"
#include "encoder/train/surface.h"

namespace volumen::train {

/// The first frame is trained from nothing (initial_cloud), each later one from the one before: motion graph
/// on small, then larger images, then all splats. Same seed, same frames, same machine: the same clouds.
class TakeTrainer {
  public:
    TakeTrainer(const TakeInfo& info, const std::optional<PointCloud>& points, const TrainSettings& settings);

    /// Trains the next frame. `tick`, if any, is called after each iteration with the share of the frame that
    /// is done.
    const SplatCloud& next(const TrainingFrame& frame, const std::function<void(double)>& tick = {});

    /// Whether the frame just trained began a segment (a topology of its own).
    bool began_segment() const { return frame_in_segment_ == 1; }
    /// What the cameras were found to make of colours so far.
    const CameraColour& colour() const { return photometric_.colour; }

    /// What later frames depend on besides the clouds of the segment so far: kept from frame to frame so that
    /// a run can go on with the same bits.
    Bytes save();
    /// The state that save() gave after a frame. `segment_cloud` hands out the clouds of that frame's segment
    /// up to it, counted from 0. Throws InputError where `state` or a cloud is not of such a run.
    void restore(std::span<const std::uint8_t> state, const std::string& name,
                 const std::function<SplatCloud(int)>& segment_cloud);

  private:
    struct Tick;
    void fields(Archive& archive);
    void begin_segment();
    void follow();
    void judge_colours(const TrainingFrame& frame, int sh_degree);
    void descend_view(const TrainingView& view, const RasterSettings& raster, SplatCloud& gradients);
    void keep_surface(const TrainingView& view, int iteration, int iterations, SplatCloud& gradients);
    void train_still(const TrainingFrame& frame, int iterations, bool from_nothing, const Tick& tick);
    void track_motion(const TrainingFrame& frame, const Tick& tick);
    void fine_tune(const TrainingFrame& frame, const Tick& tick);
    std::vector<float> rates(float position_rate, float scale) const;

    TakeInfo info_;
    std::optional<PointCloud> points_;
    TrainSettings settings_;
    std::mt19937_64 random_;
    glm::vec3 background_;
    Photometric photometric_;
    Dropout dropout_;
    DepthTerms depth_terms_;

    SplatCloud cloud_, previous_;
    float extent_ = 1;
    int budget_ = 0;            ///< splats at most
    int frames_ = 0;            ///< trained so far
    int frame_in_segment_ = 0;  ///< trained so far in this segment
    std::optional<MotionGraph> graph_;
    std::optional<RigidTerm> rigid_;
    SplatCloud last_motion_;  ///< of the graph: where the next frame's search starts (constant velocity)
};

}  // namespace volumen::train
