// What keeps joint splats fit to carry motion: round, and of about the same size (DualGS).
#pragma once

#include "formats/splats/cloud.h"

namespace volumen::train {

/// weight · (mean of max(s_max / s_min, 4) - 4), s the axes: splats up to four times as long as thin cost
/// nothing. Adds the gradient, returns the term.
float isotropic_term(const SplatCloud& cloud, float weight, SplatCloud& gradients);

/// weight · mean of max(s_max - 5 s̄, 0) / s̄ + max(0.2 s̄ - s_max, 0) / s̄, where s̄ is the mean of s_max over
/// the cloud. The paper sums lengths in scene units; in those of s̄ and as a mean it depends neither on the
/// scene's scale nor on the count. Adds the gradient, returns the term.
float even_term(const SplatCloud& cloud, float weight, SplatCloud& gradients);

}  // namespace volumen::train
