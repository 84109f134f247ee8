#include "encoder/train/segment_images.h"

#include <algorithm>

#include "formats/core/error.h"

namespace volumen::train {
namespace {

constexpr std::size_t kBytesPerPixel = 5;  ///< colour, alpha, where it is valid

}  // namespace

SegmentImages::SegmentImages(const Capture& capture, std::vector<int> views, int first, int end,
                             std::function<void(CaptureFrame&)> masks, std::size_t bytes)
    : capture_(capture), views_(std::move(views)), first_(first), end_(end), masks_(std::move(masks)) {
    std::size_t all = 0;
    for (const int view : views_) {
        const Camera& camera = capture.views()[std::size_t(view)].camera;
        all += std::size_t(camera.width) * std::size_t(camera.height) * kBytesPerPixel;
    }
    all *= std::size_t(end - first);
    shares_ = int(std::clamp<std::size_t>((all + bytes - 1) / bytes, 1, views_.size()));
}

void SegmentImages::prepare(int pass) {
    if (shares_ == 1 && !images_.empty()) return;
    images_.clear();
    FrameReader reader(capture_, views_, first_, end_);
    while (std::optional<CaptureFrame> frame = reader.next()) {
        masks_(*frame);
        std::vector<std::size_t> present;
        for (std::size_t v = 0; v < views_.size(); ++v)
            if (!frame->images[v].absent()) present.push_back(v);
        std::vector<Kept> kept;
        for (std::size_t k = 0; k < present.size(); ++k)
            // Frames differ in which, so that every view is seen in every pass.
            if ((k + images_.size() + std::size_t(pass)) % std::size_t(shares_) == 0 ||
                present.size() < std::size_t(shares_))
                kept.push_back({views_[present[k]], std::move(frame->images[present[k]])});
        if (kept.empty()) throw InputError("frame {}: no view has an image any more", frame->index);
        images_.push_back(std::move(kept));
    }
}

TrainingView SegmentImages::view(int frame, std::size_t index) const {
    const Kept& kept = images_[std::size_t(frame)][index];
    return make_training_view(capture_, kept.view, kept.image);
}

}  // namespace volumen::train
