// What the trainers of all profiles do alike: descend a frame's images, with a cloud or with a motion.
#pragma once

#include <functional>
#include <optional>
#include <random>

#include "encoder/train/adam.h"
#include "encoder/train/archive.h"
#include "encoder/train/depth_terms.h"
#include "encoder/train/dropout.h"
#include "encoder/train/motion_graph.h"
#include "encoder/train/photometric.h"
#include "encoder/train/regularise.h"
#include "encoder/train/settings.h"
#include "encoder/train/trainer.h"

namespace volumen::train {

/// Progress through work of a known number of iterations.
class Tick {
  public:
    Tick(Report report, int of) : report_(std::move(report)), of_(of) {}
    void operator()() {
        ++done_;
        if (report_) report_(std::min(double(done_) / of_, 1.0));
    }

    /// For work that was not reckoned with: it reports, so that it can be interrupted, but nothing gets done.
    Tick standing() const {
        const double share = std::min(double(done_) / of_, 1.0);
        return {report_ ? [report = report_, share](double) { report(share); } : Report(), 1};
    }

  private:
    Report report_;
    int of_, done_ = 0;
};

/// From 1 at t = 0 to `last` at t = 1, log-linear.
float decayed(float t, float last);

/// A length that says how large the subject is: 1.5 times the median distance from the median point.
float extent_of(const SplatCloud& cloud);

/// Terms of the caller's own: their gradients are added.
using CloudTerms = std::function<void(const SplatCloud& cloud, SplatCloud& gradients)>;

/// How a frame that stands still is trained.
struct StillRun {
    int iterations = 0;
    bool from_nothing = false;   ///< else the cloud is good already, and goes on at lower rates
    bool judge_colours = false;  ///< of cameras not met before
    std::size_t budget = 0;      ///< of densification
    float opacity_floor = 0;     ///< pruned below
    int densify_every = 100;     ///< iterations
    float densify_from = 0.1f, densify_until = 0.6f;  ///< shares of the iterations
    CloudTerms terms = {};
};

/// A motion model over a cloud: what Skinning does, or a chain of them.
struct Deformation {
    std::function<void(const SplatCloud& motion, SplatCloud& cloud)> warp;
    /// Overwrites d_motion.
    std::function<void(const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_motion)> pull_back;
};

/// How far a search for a motion reaches.
struct MotionSearch {
    int iterations = 0;
    int halvings = 2;     ///< of the coarsest images
    float rate = 4e-3f;   ///< of translations (extents) and rotations (quaternion components)
    float stiffness = 1;  ///< of the graph, in settings.arap_weight
};

/// The images of a frame at several sizes, the frame's own first.
class Pyramid {
  public:
    /// At most so many halvings, none to a side below `smallest` pixels.
    Pyramid(const TrainingFrame& frame, int halvings, int smallest = 64);
    std::size_t levels() const { return smaller_.size() + 1; }
    const TrainingFrame& level(std::size_t i) const { return i == 0 ? frame_ : smaller_[i - 1]; }

  private:
    const TrainingFrame& frame_;
    std::vector<TrainingFrame> smaller_;
};

class ImageTraining {
  public:
    ImageTraining(const TakeInfo& info, const std::optional<PointCloud>& points,
                  const TrainSettings& settings);

    const TrainSettings settings;
    std::mt19937_64 random;
    Photometric photometric;
    float extent = 1;
    int budget = 0;  ///< splats at most

    /// How many splats the frame's views can tell, of settings.splats at most.
    int affordable_splats(const TrainingFrame& frame) const;
    /// The take's first cloud, of that many splats in the end.
    SplatCloud start(const TrainingFrame& frame, int splats, float start_share, int sh_degree);
    /// Before a frame: how fast the cameras' colours are learnt.
    void begin_frame(bool first);

    void train_still(SplatCloud& cloud, const TrainingFrame& frame, const StillRun& run, Tick& tick);
    /// Finds the motion of the graph's nodes that takes the cloud to the images, the smallest as far as the
    /// search's halvings first, from `motion` on.
    void search_motion(const Deformation& deformation, const MotionGraph& graph, const Pyramid& images,
                       const MotionSearch& search, SplatCloud& cloud, SplatCloud& motion, Tick& tick);

    /// All splats of a cloud that was moved to the frame from `previous`: rigid among neighbours, and near to
    /// how they were.
    void fine_tune(SplatCloud& cloud, const SplatCloud& previous, RigidTerm& rigid,
                   const TrainingFrame& frame, const CloudTerms& terms, Tick& tick);
    /// Of temporal_term, one a channel.
    std::vector<float> temporal_weights(const SplatCloud& cloud) const;

    /// Of an iteration: draws its background.
    RasterSettings raster(const TrainingFrame& frame);
    /// The image's gradient, with some splats sitting out where the settings want it.
    void descend_view(const SplatCloud& cloud, const TrainingView& view, const RasterSettings& raster,
                      SplatCloud& gradients);
    void judge_colours(const SplatCloud& cloud, const TrainingFrame& frame, int sh_degree);
    /// One rate a channel; `scale`: of all but positions and rotations.
    std::vector<float> rates(const SplatCloud& cloud, float position_rate, float rotation_rate,
                             float scale) const;

    void fields(Archive& archive);
    bool valid() const;  ///< what fields() read

  private:
    void keep_surface(const SplatCloud& cloud, const TrainingView& view, bool with_depths,
                      const DepthTerm& photos, SplatCloud& gradients);
    glm::vec3 middle() const { return 0.5f * (info_.bounds_min + info_.bounds_max); }

    TakeInfo info_;
    std::optional<PointCloud> points_;
    Dropout dropout_;
    DepthTerms depth_terms_;
};

}  // namespace volumen::train
