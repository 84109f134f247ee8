#include "encoder/masks/background.h"

#include <algorithm>
#include <cmath>

#include "formats/core/error.h"
#include "formats/core/parallel.h"

namespace volumen::masks {
namespace {

constexpr std::size_t kSampleBytes = 256u << 20;  ///< of one view's frames at once
constexpr int kMostSamples = 24, kFewestSamples = 8;

/// Exposure that differs by more is another set-up, not a drift.
constexpr float kMostGain = 1.5f;
/// Squared distance over variance, 3 channels, that noise exceeds once in 4,000 pixels.
constexpr float kSame = 18;

/// The gain of `frames` over `plate` in one channel: the median of the ratios, for most pixels show the
/// background.
float gain_of(const Image8& plate, const std::vector<Image8>& frames, std::size_t channel) {
    constexpr int kBins = 2000;
    constexpr float kStep = 2 * kMostGain / kBins;
    constexpr int kDark = 24, kBright = 232;  // below: noise; above: clipped
    std::vector<std::uint32_t> histogram(kBins, 0);
    std::uint64_t total = 0;
    for (const Image8& frame : frames)
        for (std::size_t i = channel; i < plate.pixels.size(); i += 3) {
            const int a = plate.pixels[i], b = frame.pixels[i];
            if (a < kDark || a > kBright || b > kBright) continue;
            ++histogram[std::size_t(std::min(float(b) / float(a) / kStep, float(kBins - 1)))];
            ++total;
        }
    std::uint64_t below = 0;
    for (int bin = 0; bin < kBins && total > 0; ++bin)
        if (below += histogram[std::size_t(bin)]; 2 * below >= total) {
            const float gain = (float(bin) + 0.5f) * kStep;
            return gain < 1 / kMostGain || gain > kMostGain ? 1 : gain;
        }
    return 1;
}

}  // namespace

float Background::known_share() const {
    const auto never = std::count(known.begin(), known.end(), Known::never);
    return 1 - float(never) / float(std::max<std::size_t>(area(), 1));
}

int sample_count(int width, int height, int frames) {
    const std::size_t bytes = std::size_t(width) * std::size_t(height) * 3;
    const int fitting =
        int(std::min<std::size_t>(kSampleBytes / std::max<std::size_t>(bytes, 1), kMostSamples));
    return std::min(std::max(fitting, kFewestSamples), frames);
}

std::vector<Image8> sample_view(const Capture& capture, int view, int count) {
    std::vector<Image8> frames;
    for (int i = 0; i < count; ++i) {
        const int frame = int((2 * std::int64_t(i) + 1) * capture.frame_count() / (2 * count));
        try {
            frames.push_back(capture.read(view, frame).rgb);
        } catch (const InputError&) {
            // Whoever needs this very frame reports it.
        }
    }
    return frames;
}

CaptureFrame read_frame(const Capture& capture, const std::vector<int>& views, int frame) {
    CaptureFrame out{frame, std::vector<ViewImage>(views.size())};
    parallel_for(views.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t v = begin; v < end; ++v) try {
                out.images[v] = capture.read(views[v], frame);
            } catch (const InputError&) {
                // Whoever needs this very frame reports it.
            }
    });
    return out;
}

Background background_from_plate(const ViewImage& plate, const std::vector<Image8>& frames) {
    Background out;
    out.width = plate.rgb.width, out.height = plate.rgb.height;
    out.colour.resize(out.area() * 3);
    for (std::size_t c = 0; c < 3; ++c) {
        const float gain = gain_of(plate.rgb, frames, c);
        for (std::size_t i = c; i < out.colour.size(); i += 3)
            out.colour[i] = gain * float(plate.rgb.pixels[i]);
    }
    NoiseMeter meter;
    Image8 expected = plate.rgb;
    std::transform(out.colour.begin(), out.colour.end(), expected.pixels.begin(),
                   [](float v) { return std::uint8_t(std::clamp(std::lround(v), 0l, 255l)); });
    for (const Image8& frame : frames) meter.add(expected, frame);
    out.noise = meter.model();

    out.known.assign(out.area(), Known::known);
    if (!plate.valid.empty())
        std::transform(plate.valid.pixels.begin(), plate.valid.pixels.end(), out.known.begin(),
                       [](std::uint8_t v) { return v ? Known::known : Known::never; });
    out.variance.resize(out.area());
    for (std::size_t i = 0; i < out.area(); ++i) {
        float* const mean = &out.colour[3 * i];
        float variance[3], sum[3];
        for (std::size_t c = 0; c < 3; ++c) variance[c] = out.noise.variance(mean[c]), sum[c] = mean[c];
        int count = 1;
        for (const Image8& frame : frames) {
            const std::uint8_t* const pixel = &frame.pixels[3 * i];
            float distance = 0;
            for (std::size_t c = 0; c < 3; ++c) {
                const float d = float(pixel[c]) - mean[c];
                distance += d * d / (2 * variance[c]);
            }
            if (distance > kSame) continue;
            for (std::size_t c = 0; c < 3; ++c) sum[c] += float(pixel[c]);
            ++count;
        }
        for (std::size_t c = 0; c < 3; ++c) mean[c] = sum[c] / float(count);
        out.variance[i] = (variance[0] + variance[1] + variance[2]) / (3 * float(count));
    }
    return out;
}

}  // namespace volumen::masks
