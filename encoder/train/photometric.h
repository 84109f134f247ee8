// One view's image loss and its gradient: what every stage of training descends.
#pragma once

#include <random>
#include <vector>

#include "encoder/train/camera_colour.h"
#include "encoder/train/loss.h"
#include "encoder/train/rasteriser.h"
#include "encoder/train/training_frame.h"
#include "encoder/train/uniform.h"

namespace volumen::train {

/// Renders a view of a frame over a background, compares, and carries the gradient back to the splats.
class Photometric {
  public:
    Rasteriser rasteriser;
    CameraColour colour;
    float colour_rate = 0;  ///< of the steps that each call takes on its camera's affine

    /// The loss; d loss / d parameter overwrites `gradients`. Takes a step on the camera's colour, too.
    float operator()(const SplatCloud& cloud, const TrainingView& view, const RasterSettings& settings,
                     float ssim_weight, SplatCloud& gradients);

    /// What the frame's views show in proportion to the cloud, for CameraColour::judge.
    std::vector<ColourRatio> colour_ratios(const SplatCloud& cloud, const TrainingFrame& frame,
                                           const RasterSettings& settings);

  private:
    ImageLoss loss_;
    PlanarImage truth_, seen_, d_image_;
    std::vector<float> d_coverage_;
};

/// Views in random order, each once before any comes again.
class ViewOrder {
  public:
    explicit ViewOrder(int views) : order_(std::size_t(views)), next_(order_.size()) {
        for (int i = 0; i < views; ++i) order_[std::size_t(i)] = i;
    }
    int next(std::mt19937_64& random);

  private:
    std::vector<int> order_;
    std::size_t next_;
};

/// A standard normal number, the same on every standard library with the same log and cos.
float normal(std::mt19937_64& random);
/// The background of an iteration: a random colour in that share of the iterations, else `fixed`.
glm::vec3 draw_background(std::mt19937_64& random, float random_share, glm::vec3 fixed);

}  // namespace volumen::train
