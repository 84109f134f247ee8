// One of the many rotations that describe the same Gaussian.
#pragma once

#include <span>

#include "formats/splats/cloud.h"

namespace volumen {

/// Rewrites the rotations (and, alike in all frames, the order of the scales) of a segment's splats so that
/// the covariances stay the same, every quaternion has unit length and w >= 0.35, the first frame's is the
/// one nearest to the identity (or about as near), and each later one is near the one before. All frames have
/// the same count.
void canonicalise_rotations(std::span<SplatCloud> frames);

/// Rewrites rotations and scales of `cloud` so that the covariances stay the same and each splat's axes
/// follow those that it has in `previous`: programs that write frames one by one name them as they like. Both
/// have the same count.
void align_axes(const SplatCloud& previous, SplatCloud& cloud);

}  // namespace volumen
