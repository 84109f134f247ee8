// What a view's depths should be like where few cameras see the subject.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "encoder/train/rasteriser.h"
#include "encoder/train/training_frame.h"

namespace volumen::train {

/// Depth along the camera's axis of what each pixel shows, width × height; 0 where that is not known.
struct DepthImage {
    int width = 0, height = 0;
    std::vector<float> z;
};

/// How uneven depths are: mean over the pixels that are known of |z(p - 1) - 2 z(p) + z(p + 1)| along rows
/// and columns, in `unit`s, less where `colour` has an edge; nothing across a step from one body to another.
/// Adds weight · d term / d z to `d_z`, one a pixel; returns weight · term.
float smooth_term(const DepthImage& depth, const PlanarImage& colour, float unit, float weight,
                  std::span<float> d_z);

struct DepthWeights {
    float spread = 0;  ///< Σ_ij w_i w_j (t_i - t_j)² / 2, mean over the view's pixels, w blending weights, t
                       ///< depths of centres in units (2DGS's distortion with squares, after Mip-NeRF 360)
    float smooth = 0;  ///< of smooth_term
    bool any() const { return spread > 0 || smooth > 0; }
};

/// A term of a view's depths: adds d term / d z to `d_z`, one a pixel; returns the term.
using DepthTerm = std::function<float(const DepthImage& depth, std::span<float> d_z)>;

/// The terms over one drawing of a view's depths, and their gradient.
class DepthTerms {
  public:
    /// Adds the gradient of the weighted sum to `gradients`; returns the sum. Depths are counted from that of
    /// `centre`, which should be near the subject: rounding is least there. `of_surface`, if any, is added: a
    /// term of the depths of the surface, which lies before the centres of the splats that show it.
    float operator()(const SplatCloud& cloud, const TrainingView& view, glm::vec3 centre, float unit,
                     const DepthWeights& weights, SplatCloud& gradients, const DepthTerm& of_surface = {});

  private:
    Rasteriser rasteriser_;
    DepthImage depth_, surface_;
    PlanarImage d_moments_;
    std::vector<float> d_alpha_, d_z_;
    SplatCloud own_;
};

}  // namespace volumen::train
