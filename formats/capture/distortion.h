// Lens distortion (Brown-Conrady, rational, fisheye) and its removal.
#pragma once

#include "formats/core/camera.h"
#include "formats/core/image.h"

namespace volumen {

/// From normalised coordinates (x, y) of a pinhole camera to those that the lens makes of them, as OpenCV has
/// it. Brown, with OpenCV's rational divisor (r² = x² + y²):
///   x' = x (1 + k1 r² + k2 r⁴ + k3 r⁶) / (1 + k4 r² + k5 r⁴ + k6 r⁶) + 2 p1 x y + p2 (r² + 2 x²),
///   y' with p1, p2 the other way round.
/// Fisheye (θ = atan r): (x', y') = (x, y) θ (1 + k1 θ² + k2 θ⁴ + k3 θ⁶ + k4 θ⁸) / r.
struct Distortion {
    double k1 = 0, k2 = 0, k3 = 0, p1 = 0, p2 = 0, k4 = 0, k5 = 0, k6 = 0;
    bool fisheye = false;

    bool none() const {
        return !fisheye && k1 == 0 && k2 == 0 && k3 == 0 && p1 == 0 && p2 == 0 && k4 == 0 && k5 == 0 &&
               k6 == 0;
    }
    glm::dvec2 apply(glm::dvec2 p) const;
    /// r² from which on the radial part folds back, so that the model means nothing; infinite if it never
    /// does.
    double fold() const;
};

/// The picture (3 or 4 channels) that `camera` would take without its distortion; same size and intrinsics.
/// Sampled with Catmull-Rom's bicubic kernel, colour weighted by alpha where there are 4 channels. `valid` (1
/// channel) is 0 where the source has no pixel, 255 elsewhere, and empty when it has all; colours there
/// repeat the edge, alpha is 0.
Image8 undistort(const Image8& image, const Camera& camera, const Distortion& distortion, Image8& valid);

}  // namespace volumen
