// Terms that keep splats a surface where few cameras see it.
#pragma once

#include <vector>

#include "encoder/train/rasteriser.h"

namespace volumen::train {

/// How far apart in depth the splats lie that make up a pixel: mean over the view's pixels of
/// Σ_ij w_i w_j (t_i - t_j)² / 2, w blending weights, t depths of centres in `unit`s (2DGS's distortion with
/// squares, after Mip-NeRF 360).
class SpreadTerm {
  public:
    /// Adds weight · term's gradient to `gradients`; returns weight · term. Depths are counted from that of
    /// `centre`, which should be near the subject: rounding is least there.
    float operator()(const SplatCloud& cloud, const Camera& camera, glm::vec3 centre, float unit,
                     float weight, SplatCloud& gradients);

  private:
    Rasteriser rasteriser_;
    PlanarImage d_image_;
    std::vector<float> d_alpha_;
    SplatCloud own_;
};

/// weight · mean least axis, of the splats whose least axis is above a tenth of the middle one: discs are
/// wanted, and what is thinner gains nothing but a wider range of scales to code. Adds the gradient, returns
/// the term.
float flat_term(const SplatCloud& cloud, float weight, SplatCloud& gradients);

}  // namespace volumen::train
