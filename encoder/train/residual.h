// How far a cloud is from a frame's images, and where it is farthest: whether a limb was lost.
#pragma once

#include <vector>

#include "encoder/train/archive.h"
#include "encoder/train/rasteriser.h"
#include "encoder/train/training_frame.h"

namespace volumen::train {

/// Errors of colour (mean over its channels) and coverage, together, in [0, 2].
struct Residual {
    float mean = 0;  ///< over the subject's pixels, of all views together
    float peak = 0;  ///< mean over views of the worst block's mean: a limb that is missing, or too many
};
Residual residual(Rasteriser& rasteriser, const SplatCloud& cloud, const TrainingFrame& frame);

/// Knows what residuals are usual in a take.
class LimbWatch {
  public:
    /// Whether this one is not, after the frames before.
    bool lost(const Residual& residual) const;
    /// Of a frame as it was taken in the end.
    void add(const Residual& residual);
    void fields(Archive& archive);

  private:
    std::vector<float> peaks_;  ///< of the last frames
};

}  // namespace volumen::train
