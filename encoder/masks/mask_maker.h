// Masks for captures that have none: still cameras, known or learnt backgrounds, and what the views agree on.
#pragma once

#include <string>
#include <vector>

#include "encoder/masks/background.h"
#include "encoder/masks/volume.h"

namespace volumen::masks {

/// What is the performer in the images of a frame, and what the views say of each other.
struct FrameLabels {
    std::vector<std::size_t> views;             ///< indices into the frame's images, without the absent ones
    std::vector<std::vector<float>> belief;     ///< of each: smooth_labels
    std::vector<std::vector<Support>> support;  ///< of each, by the others
    std::size_t volume = 0;                     ///< Volume::filled
};

class MaskMaker {
  public:
    /// `backgrounds`: one a view of `views` (indices in the capture's file).
    MaskMaker(const Capture& capture, std::vector<int> views, std::vector<Background> backgrounds);

    /// Gives each image of the frame (in the order of `views`) an alpha, and takes the background out of its
    /// colours. Absent images stay absent. The result depends on this frame alone.
    void apply(CaptureFrame& frame) const;
    FrameLabels label(const CaptureFrame& frame) const;

    const std::vector<Background>& backgrounds() const { return backgrounds_; }

  private:
    std::vector<Camera> cameras_;
    std::vector<int> views_;
    std::vector<Background> backgrounds_;
    Volume volume_;
};

}  // namespace volumen::masks
