// One frame of a capture, as training wants it.
#pragma once

#include <vector>

#include "formats/capture/capture.h"

namespace volumen::train {

struct TrainingView {
    int view = 0;  ///< index in the capture's file
    Camera camera;
    PlanarImage colour;         ///< premultiplied by alpha where there is a mask
    std::vector<float> alpha;   ///< one a pixel; empty: no mask
    std::vector<float> weight;  ///< one a pixel, 0 where the image has nothing; empty: all of it counts

    /// The view as it looks over a background (colour + (1 - alpha) · background); `out` is reused.
    void over(glm::vec3 background, PlanarImage& out) const;
};

struct TrainingFrame {
    int index = 0;
    std::vector<TrainingView> views;
};

/// An image that is not absent.
TrainingView make_training_view(const Capture& capture, int view, const ViewImage& image);

/// Absent images are left out; InputError when no view is left.
TrainingFrame make_training_frame(const Capture& capture, const std::vector<int>& views,
                                  const CaptureFrame& frame);

/// The frame at half the width and height (box filter), for coarse-to-fine tracking.
TrainingFrame half_size(const TrainingFrame& frame);

}  // namespace volumen::train
