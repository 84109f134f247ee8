// Trains a take frame by frame.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>

#include "encoder/train/adam.h"
#include "encoder/train/densify.h"
#include "encoder/train/motion_graph.h"
#include "encoder/train/photometric.h"
#include "encoder/train/regularise.h"
#include "encoder/train/settings.h"

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

  private:
    struct Tick;
    void train_still(const TrainingFrame& frame, int iterations, bool from_nothing, const Tick& tick);
    void track_motion(const TrainingFrame& frame, const Tick& tick);
    void fine_tune(const TrainingFrame& frame, const Tick& tick);
    int coarse_iterations() const;
    std::vector<float> rates(float position_rate, float scale) const;

    TakeInfo info_;
    std::optional<PointCloud> points_;
    TrainSettings settings_;
    std::mt19937_64 random_;
    glm::vec3 background_;
    Photometric photometric_;

    SplatCloud cloud_, previous_;
    float extent_ = 1;
    int frame_in_segment_ = 0;
    std::optional<MotionGraph> graph_;
    std::optional<RigidTerm> rigid_;
    SplatCloud last_motion_;  ///< of the graph: where the next frame's search starts (constant velocity)
};

}  // namespace volumen::train
