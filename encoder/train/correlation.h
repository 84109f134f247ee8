// How well two images agree, window by window, whatever their exposures.
#pragma once

#include <span>
#include <vector>

namespace volumen::train {

/// 1 - normalised cross-correlation of 7 × 7 windows, with gradients. Images are width × height, grey, in
/// [0, 1]; a window is that part of its pixels which counts.
class WindowCorrelation {
  public:
    /// Compares the windows around all pixels. `counts` is 1 where a pixel counts, else 0. The result is in
    /// [0, 2], near 0 where neither shows anything but noise; kNotCompared where the pixel, or half of its
    /// window, does not count. Valid until the next call.
    std::span<const float> operator()(std::span<const float> truth, std::span<const float> image,
                                      std::span<const float> counts, int width, int height);
    /// Of the last call: adds Σ over pixels p of weight(p) · d result(p) / d image to `d_image`. The weight
    /// of pixels that were not compared must be 0. The images must be as they were.
    void pull_back(std::span<const float> weight, std::span<float> d_image);

    static constexpr float kNotCompared = 3;

  private:
    void window_sums(std::span<const float> values, std::vector<float>& out);

    std::span<const float> truth_, image_, counts_;
    int width_ = 0, height_ = 0;
    std::vector<float> cost_, truth_mean_, image_mean_;
    std::vector<float> by_covariance_, by_variance_;  ///< - d cost / d moment, per pixel of the window
    std::vector<float> product_, rows_, sums_[6];
};

}  // namespace volumen::train
