// The images of a segment's frames, read once more.
#pragma once

#include <functional>

#include "encoder/train/trainer.h"
#include "formats/capture/capture.h"

namespace volumen::train {

/// Keeps as many images as fit into kBytes, as bytes. Where not all do, each pass reads the segment again and
/// keeps an even share of each frame's views, others than the pass before: memory does not grow with the
/// segment.
class SegmentImages : public SegmentViews {
  public:
    static constexpr std::size_t kBytes = std::size_t(1) << 30;

    /// Frames [first, end) of the capture. `masks` does to an image what training does before it looks.
    /// `capture` has to outlive this.
    SegmentImages(const Capture& capture, std::vector<int> views, int first, int end,
                  std::function<void(CaptureFrame&)> masks, std::size_t bytes = kBytes);

    void prepare(int pass) override;
    int frames() const override { return end_ - first_; }
    std::size_t count(int frame) const override { return images_[std::size_t(frame)].size(); }
    TrainingView view(int frame, std::size_t index) const override;

  private:
    struct Kept {
        int view;
        ViewImage image;
    };
    const Capture& capture_;
    std::vector<int> views_;
    int first_, end_;
    std::function<void(CaptureFrame&)> masks_;
    int shares_;                             ///< each pass keeps one of so many
    std::vector<std::vector<Kept>> images_;  ///< of each frame
};

}  // namespace volumen::train
