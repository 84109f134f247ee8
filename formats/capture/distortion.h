// Lens distortion (Brown-Conrady) and its removal.
#pragma once

#include "formats/core/camera.h"
#include "formats/core/image.h"

namespace volumen {

/// Brown's model on normalised coordinates (x, y), as OpenCV has it:
/// x' = x (1 + k1 r² + k2 r⁴ + k3 r⁶) + 2 p1 x y + p2 (r² + 2 x²), and y' with p1, p2 the other way round.
struct Distortion {
    double k1 = 0, k2 = 0, k3 = 0, p1 = 0, p2 = 0;

    bool none() const { return k1 == 0 && k2 == 0 && k3 == 0 && p1 == 0 && p2 == 0; }
    glm::dvec2 apply(glm::dvec2 p) const {
        const double r2 = p.x * p.x + p.y * p.y;
        const double radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3));
        return {p.x * radial + 2 * p1 * p.x * p.y + p2 * (r2 + 2 * p.x * p.x),
                p.y * radial + p1 * (r2 + 2 * p.y * p.y) + 2 * p2 * p.x * p.y};
    }
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
