#include "encoder/masks/motion.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "encoder/masks/mask_maker.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"

namespace volumen::masks {
namespace {

/// Squared distance over variance, 3 channels, within which two samples show the same colour.
constexpr float kSame = 16;
/// Share of the samples from which a pixel counts as never changed, and as a colour worth keeping.
constexpr float kStill = 0.9f, kWorthKeeping = 0.08f;
/// Share that makes the commonest colour the background as long as nothing else is known.
constexpr float kCommon = 0.2f;
/// Samples from which their variance is worth something.
constexpr int kTrembles = 4;
/// Half the side of the neighbourhood in which unrest and texture are judged.
constexpr int kNeighbourhood = 3;
/// Variance over that of noise (relative to what is usual in the view) from which a colour is restless.
constexpr float kRestless = 1.3f;
/// Variance between neighbouring pixels over that of noise from which sway would show.
constexpr float kTextured = 12;
/// Frames on which all views are asked, and how often.
constexpr int kAskedFrames = 8, kAskings = 3;

/// Fewer frames than this do not show what moves.
constexpr int kLeastFrames = 8;
/// A camera is still when so many of its pixels are; something moves when so many do.
constexpr float kStillCamera = 0.25f, kLeastMotion = 0.002f;
/// Share of the time that gathering colours takes; asking takes the rest.
constexpr double kGathered = 0.3;

constexpr std::uint16_t kMostAsked = 255;  ///< moments; the counters hold no more

/// How free of the performer a ray is, in hundredths.
int freedom(Support support) {
    switch (support) {
        case Support::unjudged:
            return 50;
        case Support::none:
            return 100;
        case Support::some:
            return 60;
        case Support::inside:
            return 35;
        case Support::sure:
            return 0;
    }
    return 0;
}
/// A colour that showed at moments freer than this on average may be the background's; by how steady it is
/// where it is all that the pixel ever showed, and where there were others.
constexpr float kFreeIfPlain = 20, kFreeIfRestless = 60, kFreeAmongOthers = 40;
/// A colour that stayed the same to within noise in so many samples is the background's whatever the others
/// say.
constexpr float kOften = 0.25f;
/// Among others, a colour may also be so much freer than the pixel is on the whole.
constexpr float kFreer = 15;

}  // namespace

ColourHistory::ColourHistory(const std::vector<Image8>& frames)
    : width_(frames.front().width), height_(frames.front().height), samples_(int(frames.size())) {
    NoiseMeter meter;
    for (std::size_t i = 1; i < frames.size(); ++i) meter.add(frames[i - 1], frames[i]);
    noise_ = meter.model();
    pixels_.resize(std::size_t(width_) * std::size_t(height_));
    unrest_.assign(pixels_.size(), 0);
    moments_.assign(pixels_.size(), {0, 0});
    for (std::size_t i = 0; i < pixels_.size(); ++i) gather(frames, i);
    judge_unrest();
}

float ColourHistory::distance(const Colour& colour, const std::uint8_t* rgb) const {
    float sum = 0;
    for (std::size_t c = 0; c < 3; ++c) {
        const float d = float(colour.rgb[c]) - float(rgb[c]);
        sum += d * d / noise_.variance(colour.rgb[c]);
    }
    return sum;
}

/// Clusters of the samples: around the sample that most others equal, then around the best of what is left.
void ColourHistory::gather(const std::vector<Image8>& frames, std::size_t pixel) {
    const std::size_t count = frames.size();
    std::vector<const std::uint8_t*> left;
    for (const Image8& frame : frames) left.push_back(&frame.pixels[3 * pixel]);
    const auto least = std::max(2, int(std::ceil(kWorthKeeping * float(count))));
    for (Colour& colour : pixels_[pixel]) {
        std::size_t best = 0;
        int best_count = 0;
        for (std::size_t i = 0; i < left.size(); ++i) {
            const Colour centre{{left[i][0], left[i][1], left[i][2]}};
            // Both samples are noisy: twice the variance.
            const int same = int(std::count_if(left.begin(), left.end(), [&](const std::uint8_t* other) {
                return distance(centre, other) < 2 * kSame;
            }));
            if (same > best_count) best = i, best_count = same;
            // Not worth looking further: a pixel that never changes is the usual case.
            if (float(best_count) >= kStill * float(left.size())) break;
        }
        if (best_count < least) return;
        const Colour centre{{left[best][0], left[best][1], left[best][2]}};
        std::array<int, 3> sum{}, squares{};
        int members = 0;
        std::erase_if(left, [&](const std::uint8_t* sample) {
            if (distance(centre, sample) >= 2 * kSame) return false;
            for (std::size_t c = 0; c < 3; ++c) sum[c] += sample[c], squares[c] += sample[c] * sample[c];
            ++members;
            return true;
        });
        for (std::size_t c = 0; c < 3; ++c) colour.rgb[c] = std::uint8_t((sum[c] + members / 2) / members);
        colour.count = std::uint8_t(std::min(members, 255));
        float unrest = 0;
        for (std::size_t c = 0; c < 3; ++c) {
            const float variance =
                (float(squares[c]) - float(sum[c]) * float(sum[c]) / float(members)) / float(members - 1);
            unrest += variance / (3 * noise_.variance(colour.rgb[c]));
        }
        colour.looseness = std::uint8_t(std::min(16 * unrest, 255.0f));
        if (&colour == pixels_[pixel].data() && still(pixels_[pixel]) && members >= kTrembles)
            unrest_[pixel] = std::max(unrest, 1e-3f);
    }
}

float ColourHistory::still_share() const {
    const auto count = std::ranges::count_if(pixels_, [&](const Pixel& pixel) { return still(pixel); });
    return float(count) / float(pixels_.size());
}

void ColourHistory::forget() {
    for (Pixel& pixel : pixels_)
        for (Colour& colour : pixel) colour.asked = 0, colour.freedom = 0;
    moments_.assign(pixels_.size(), {0, 0});
}

void ColourHistory::observe(const Image8& image, const std::vector<Support>& support) {
    observed_ = true;
    for (std::size_t i = 0; i < pixels_.size(); ++i) {
        if (support[i] == Support::unjudged) continue;
        if (moments_[i][0] == kMostAsked) continue;
        ++moments_[i][0];
        moments_[i][1] = std::uint16_t(moments_[i][1] + freedom(support[i]));
        Colour* nearest = nullptr;
        float best = kSame;
        for (Colour& colour : pixels_[i]) {
            if (colour.count == 0) break;
            const float d = distance(colour, &image.pixels[3 * i]);
            if (d < best) best = d, nearest = &colour;
        }
        if (!nearest) continue;
        ++nearest->asked;
        nearest->freedom = std::uint16_t(nearest->freedom + freedom(support[i]));
    }
}

bool ColourHistory::still(const Pixel& pixel) const {
    return float(pixel[0].count) >= kStill * float(samples_);
}

/// Whether its samples spread no wider than noise may: those of a patterned cloth that moves do.
bool ColourHistory::compact(const Colour& colour) const {
    constexpr float kDeviations = 2.5f;
    const float freedom_degrees = 3 * float(std::max(int(colour.count) - 1, 1));
    return float(colour.looseness) / 16 < usual_ * (1 + kDeviations * std::sqrt(2 / freedom_degrees));
}

const ColourHistory::Colour* ColourHistory::choose(std::size_t i) const {
    const Pixel& pixel = pixels_[i];
    if (still(pixel)) {
        const Colour& only = pixel[0];
        if (only.asked == 0 || rest_[i] == Rest::textured) return &only;
        const float least = rest_[i] == Rest::restless ? kFreeIfRestless : kFreeIfPlain;
        return float(only.freedom) > least * float(only.asked) ? &only : nullptr;
    }
    if (moments_[i][0] == 0) {
        for (const Colour& colour : pixel)
            if (float(colour.count) >= kCommon * float(samples_) && compact(colour)) return &colour;
        return nullptr;
    }
    const float usual = float(moments_[i][1]) / float(moments_[i][0]);
    const Colour* chosen = nullptr;
    float best = -1;
    for (const Colour& colour : pixel) {
        if (colour.count == 0 || !compact(colour)) continue;
        const bool often = float(colour.count) >= kOften * float(samples_) && colour.count >= kTrembles;
        if (colour.asked == 0 && !often) continue;
        const float mean = colour.asked > 0 ? float(colour.freedom) / float(colour.asked) : usual;
        if (mean > best && (often || mean > kFreeAmongOthers || mean > usual + kFreer))
            chosen = &colour, best = mean;
    }
    return chosen;
}

/// Averages unrest and contrast over squares. What is usual in the view counts as rest, whatever the noise
/// model missed.
void ColourHistory::judge_unrest() {
    std::vector<float> known;
    for (std::size_t i = 0; i < unrest_.size(); ++i)
        if (unrest_[i] > 0) known.push_back(unrest_[i]);
    if (!known.empty()) {
        // A trimmed mean: noise alone spreads single pixels widely, and a performer is among them.
        std::sort(known.begin(), known.end());
        const std::size_t from = known.size() / 10, to = known.size() - from;
        double sum = 0;
        for (std::size_t i = from; i < to; ++i) sum += known[i];
        usual_ = std::max(1.0f, float(sum / double(to - from)));
    }
    const auto index = [&](int x, int y) { return std::size_t(y) * std::size_t(width_) + std::size_t(x); };
    rest_.assign(pixels_.size(), Rest::plain);
    for (int y = 0; y < height_; ++y)
        for (int x = 0; x < width_; ++x) {
            float unrest = 0, contrast = 0;
            int count = 0;
            const int right = std::min(x + kNeighbourhood, width_ - 1);
            const Colour& centre = pixels_[index(x, y)][0];
            if (unrest_[index(x, y)] == 0) continue;
            for (int v = std::max(y - kNeighbourhood, 0); v <= std::min(y + kNeighbourhood, height_ - 1); ++v)
                for (int u = std::max(x - kNeighbourhood, 0); u <= right; ++u) {
                    const std::size_t q = index(u, v);
                    if (unrest_[q] == 0) continue;
                    unrest += unrest_[q];
                    contrast += distance(centre, pixels_[q][0].rgb.data());
                    ++count;
                }
            if (count == 0) continue;
            constexpr float kOwn = 1.1f;  // what is restless alone infects its neighbours' means
            if (unrest > kRestless * usual_ * float(count) && unrest_[index(x, y)] > kOwn * usual_)
                rest_[index(x, y)] = Rest::restless;
            else if (contrast > kTextured * float(count))
                rest_[index(x, y)] = Rest::textured;
        }
}

Background ColourHistory::background() const {
    Background out;
    out.width = width_, out.height = height_, out.noise = noise_;
    out.colour.assign(out.area() * 3, 0);
    out.variance.assign(out.area(), 0);
    out.known.assign(out.area(), Known::never);
    for (std::size_t i = 0; i < out.area(); ++i) {
        const Colour* colour = choose(i);
        if (!colour) continue;
        out.known[i] = !observed_ && rest_[i] == Rest::restless ? Known::doubtful : Known::known;
        for (std::size_t c = 0; c < 3; ++c) {
            out.colour[3 * i + c] = colour->rgb[c];
            out.variance[i] += noise_.variance(colour->rgb[c]) / 3;
        }
        constexpr float kRounding = 1.0f / 12;  // of whole levels
        out.variance[i] = out.variance[i] / float(colour->count) + kRounding;
    }
    return out;
}

std::optional<std::vector<Background>> learn_backgrounds(const Capture& capture,
                                                         const std::vector<int>& views, bool only_if_moving,
                                                         const std::function<void(double)>& progress) {
    if (only_if_moving && capture.frame_count() < kLeastFrames) return std::nullopt;
    if (capture.frame_count() < 2)
        throw InputError(
            "the capture has one frame, and what moves cannot be seen in it: give masks, or "
            "background/<view>.png");
    const auto tell = [&](double share) {
        if (progress) progress(share);
    };
    std::vector<std::optional<ColourHistory>> histories(views.size());
    parallel_for(views.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t v = begin; v < end; ++v) {
            const CaptureView& view = capture.views()[std::size_t(views[v])];
            const std::vector<Image8> frames =
                sample_view(capture, views[v],
                            sample_count(view.camera.width, view.camera.height, capture.frame_count()));
            if (frames.size() < 2)
                throw InputError("view {} ({}): fewer than two of its frames can be read", views[v],
                                 view.name);
            histories[v].emplace(frames);
        }
    });
    tell(kGathered);
    const auto moving = std::ranges::count_if(histories, [](const std::optional<ColourHistory>& history) {
        return history->still_share() > kStillCamera && history->still_share() < 1 - kLeastMotion;
    });
    if (only_if_moving && 2 * std::size_t(moving) < views.size()) return std::nullopt;

    std::vector<Background> backgrounds(views.size());
    const auto take_stock = [&] {
        parallel_for(views.size(), 1, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t v = begin; v < end; ++v) backgrounds[v] = histories[v]->background();
        });
    };
    take_stock();
    const int asked = std::min(kAskedFrames, capture.frame_count());
    for (int asking = 0; asking < kAskings; ++asking) {
        const MaskMaker maker(capture, views, std::move(backgrounds));
        for (std::optional<ColourHistory>& history : histories) history->forget();
        for (int i = 0; i < asked; ++i) {
            const int frame = int((2 * std::int64_t(i) + 1) * capture.frame_count() / (2 * asked));
            const CaptureFrame images = read_frame(capture, views, frame);
            const FrameLabels labels = maker.label(images);
            parallel_for(labels.views.size(), 1, [&](std::size_t begin, std::size_t end, int) {
                for (std::size_t k = begin; k < end; ++k)
                    histories[labels.views[k]]->observe(images.images[labels.views[k]].rgb,
                                                        labels.support[k]);
            });
            tell(kGathered + (1 - kGathered) * double(asking * asked + i + 1) / double(kAskings * asked));
        }
        backgrounds.resize(views.size());
        take_stock();
    }
    return backgrounds;
}

}  // namespace volumen::masks
