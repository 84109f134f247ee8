// Splats that sit out an iteration.
#pragma once

#include <random>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen::train {

/// Leaves a random share of the splats out and makes the others more opaque for it, so that none can rely on
/// others to cancel its faults between the cameras (DropGaussian, Park et al. 2025).
class Dropout {
  public:
    /// The cloud without that share of its splats, in [0, 1): they keep their places but are not drawn. The
    /// opacity of the others is divided by (1 - share). Valid until the next call.
    const SplatCloud& thin(const SplatCloud& cloud, float share, std::mt19937_64& random);
    /// Turns the gradient of the thinned cloud into that of the whole one.
    void pull_back(SplatCloud& gradients) const;

  private:
    SplatCloud thinned_;
    std::vector<float> slope_;  ///< d thinned opacity logit / d opacity logit, one a splat
};

}  // namespace volumen::train
