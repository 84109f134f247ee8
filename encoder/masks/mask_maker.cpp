#include "encoder/masks/mask_maker.h"

#include <algorithm>
#include <cmath>

#include "encoder/masks/labels.h"
#include "encoder/masks/matte.h"
#include "formats/core/parallel.h"

namespace volumen::masks {
namespace {

/// Rounds of asking the other views; each may mend what misled another before.
constexpr int kRounds = 2;
/// Log odds that the other views add. Where the ray runs deep inside what they see, the background must be
/// there exactly to be believed: `blurred` is the mean distance of the pixel's neighbourhood.
float prior(Support support, Known known, float blurred) {
    constexpr float kExpected = 3;  ///< mean of the squared distance, 3 channels
    constexpr float kMisfit = 2, kMostMisfit = 3;
    const bool never = known != Known::known;  // nothing but the others' word
    const float misfit = never ? 0 : kMisfit * std::clamp(blurred - 1.2f * kExpected, 0.0f, kMostMisfit);
    switch (support) {
        case Support::unjudged:
            return 0;
        case Support::none:
            return -10;
        case Support::some:
            return never ? -2.5f : 0;
        case Support::inside:
            return never ? -0.5f : 3 + misfit;
        case Support::sure:
            return 3 + misfit;
    }
    return 0;
}

/// Means over 5 × 5 pixels of the distance, of which each may give so much that noise alone seldom does.
std::vector<float> blurred_distance(const std::vector<float>& distance, int width, int height) {
    constexpr int kHalf = 2;
    constexpr float kMost = 14;
    std::vector<float> rows(distance.size()), out(distance.size());
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            float sum = 0;
            for (int d = -kHalf; d <= kHalf; ++d)
                sum += std::min(distance[std::size_t(y) * std::size_t(width) +
                                         std::size_t(std::clamp(x + d, 0, width - 1))],
                                kMost);
            rows[std::size_t(y) * std::size_t(width) + std::size_t(x)] = sum / (2 * kHalf + 1);
        }
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            float sum = 0;
            for (int d = -kHalf; d <= kHalf; ++d)
                sum +=
                    rows[std::size_t(std::clamp(y + d, 0, height - 1)) * std::size_t(width) + std::size_t(x)];
            out[std::size_t(y) * std::size_t(width) + std::size_t(x)] = sum / (2 * kHalf + 1);
        }
    return out;
}

struct Work {
    Evidence evidence;
    std::vector<float> blurred, odds, belief;
};

std::vector<Label> labels_of(const Work& work, const ViewImage& image, const std::vector<Support>* support) {
    std::vector<Label> labels(work.belief.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const bool valid = image.valid.empty() || image.valid.pixels[i];
        // A shadow's colour is told from a performer's by the others alone.
        const bool unsure = !valid || (work.evidence.unsure[i] && !support);
        labels[i] = unsure ? Label::unsure : work.belief[i] >= 0.5f ? Label::performer : Label::background;
    }
    return labels;
}

}  // namespace

MaskMaker::MaskMaker(const Capture& capture, std::vector<int> views, std::vector<Background> backgrounds)
    : views_(std::move(views)),
      backgrounds_(std::move(backgrounds)),
      volume_(Volume::around(capture.info(views_))) {
    for (const int view : views_) cameras_.push_back(capture.views()[std::size_t(view)].camera);
}

FrameLabels MaskMaker::label(const CaptureFrame& frame) const {
    FrameLabels out;
    for (std::size_t v = 0; v < frame.images.size(); ++v)
        if (!frame.images[v].rgb.empty()) out.views.push_back(v);
    std::vector<Work> work(out.views.size());
    const auto each = [&](const auto& body) {
        parallel_for(work.size(), 1, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t k = begin; k < end; ++k)
                body(work[k], frame.images[out.views[k]], backgrounds_[out.views[k]], k);
        });
    };
    each([](Work& w, const ViewImage& image, const Background& background, std::size_t) {
        w.evidence = colour_evidence(image.rgb, background);
        w.blurred = blurred_distance(w.evidence.distance, background.width, background.height);
        w.odds = w.evidence.odds;
        w.belief = smooth_labels(image.rgb, background, w.odds);
    });
    Volume volume = volume_;
    for (int round = 0; round < kRounds; ++round) {
        std::vector<LabelledView> labelled(work.size());
        each([&](Work& w, const ViewImage& image, const Background&, std::size_t k) {
            labelled[k] = {cameras_[out.views[k]],
                           labels_of(w, image, out.support.empty() ? nullptr : &out.support[k])};
        });
        out.support = volume.support(labelled);
        each([&](Work& w, const ViewImage& image, const Background& background, std::size_t k) {
            for (std::size_t i = 0; i < w.odds.size(); ++i)
                w.odds[i] = w.evidence.odds[i] + prior(out.support[k][i], background.known[i], w.blurred[i]);
            w.belief = smooth_labels(image.rgb, background, w.odds);
        });
    }
    for (Work& w : work) out.belief.push_back(std::move(w.belief));
    out.volume = volume.filled();
    return out;
}

void MaskMaker::apply(CaptureFrame& frame) const {
    const FrameLabels labels = label(frame);
    parallel_for(labels.views.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t k = begin; k < end; ++k)
            cut_out(frame.images[labels.views[k]], backgrounds_[labels.views[k]], labels.belief[k]);
    });
}

}  // namespace volumen::masks
