#include "encoder/masks/matte.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace volumen::masks {
namespace {

/// Pixels on either side of an edge that may be mixtures. Labels call a mixture the performer's.
constexpr int kInnerBand = 1, kOuterBand = 2;
constexpr int kReach = 4;             ///< pixels in which the performer's colour is looked for
constexpr float kPrior = 12;          ///< weight of the labels' own alpha, in squared contrast over variance
constexpr float kNothing = 0.04f;     ///< alpha below this is noise
constexpr float kColourAlpha = 0.1f;  ///< below it, colours are extrapolated too far: the performer's near by

/// 1 where all pixels within `reach` (a square; what lies outside the image agrees) have a 1.
std::vector<std::uint8_t> eroded(const std::vector<std::uint8_t>& in, int width, int height, int reach) {
    std::vector<std::uint8_t> rows(in.size()), out(in.size());
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            std::uint8_t all = 1;
            for (int u = std::max(x - reach, 0); u <= std::min(x + reach, width - 1); ++u)
                all &= in[std::size_t(y) * std::size_t(width) + std::size_t(u)];
            rows[std::size_t(y) * std::size_t(width) + std::size_t(x)] = all;
        }
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            std::uint8_t all = 1;
            for (int v = std::max(y - reach, 0); v <= std::min(y + reach, height - 1); ++v)
                all &= rows[std::size_t(v) * std::size_t(width) + std::size_t(x)];
            out[std::size_t(y) * std::size_t(width) + std::size_t(x)] = all;
        }
    return out;
}

struct Cutter {
    const Background& background;
    const Image8& rgb;
    std::vector<std::uint8_t> label, inside, outside;

    std::size_t index(int x, int y) const {
        return std::size_t(y) * std::size_t(background.width) + std::size_t(x);
    }

    /// The performer's colour near a pixel; false where nobody is near.
    bool performer_near(int x, int y, std::array<float, 3>& colour) const {
        std::array<float, 3> sure{}, likely{};
        float sure_weight = 0, likely_weight = 0;
        for (int v = std::max(y - kReach, 0); v <= std::min(y + kReach, background.height - 1); ++v)
            for (int u = std::max(x - kReach, 0); u <= std::min(x + kReach, background.width - 1); ++u) {
                const std::size_t q = index(u, v);
                if (!label[q]) continue;
                const float square = float((u - x) * (u - x) + (v - y) * (v - y));
                const float weight = std::exp(-0.25f * square);
                for (std::size_t c = 0; c < 3; ++c) {
                    likely[c] += weight * float(rgb.pixels[3 * q + c]);
                    if (inside[q]) sure[c] += weight * float(rgb.pixels[3 * q + c]);
                }
                likely_weight += weight;
                if (inside[q]) sure_weight += weight;
            }
        if (likely_weight == 0) return false;
        for (std::size_t c = 0; c < 3; ++c)
            colour[c] = sure_weight > 0 ? sure[c] / sure_weight : likely[c] / likely_weight;
        return true;
    }

    /// The share of the labels' pixels around: what alpha is where colours do not tell.
    float share_near(int x, int y) const {
        int sum = 0, count = 0;
        for (int v = std::max(y - 1, 0); v <= std::min(y + 1, background.height - 1); ++v)
            for (int u = std::max(x - 1, 0); u <= std::min(x + 1, background.width - 1); ++u)
                sum += label[index(u, v)], ++count;
        return float(sum) / float(count);
    }

    float mixture(int x, int y, const std::array<float, 3>& performer) const {
        const std::size_t i = index(x, y);
        float along = kPrior * share_near(x, y), square = kPrior;
        for (std::size_t c = 0; c < 3; ++c) {
            const float mean = background.colour[3 * i + c], variance = background.variance_at(i, int(c));
            const float contrast = performer[c] - mean;
            along += (float(rgb.pixels[3 * i + c]) - mean) * contrast / variance;
            square += contrast * contrast / variance;
        }
        const float alpha = std::clamp(along / square, 0.0f, 1.0f);
        return alpha < kNothing ? 0 : alpha > 1 - kNothing ? 1 : alpha;
    }
};

}  // namespace

void cut_out(ViewImage& image, const Background& background, const std::vector<float>& belief) {
    const int width = background.width, height = background.height;
    Cutter cutter{background, image.rgb, {}, {}, {}};
    cutter.label.resize(belief.size());
    std::vector<std::uint8_t> not_label(belief.size());
    for (std::size_t i = 0; i < belief.size(); ++i) {
        cutter.label[i] = belief[i] >= 0.5f;
        not_label[i] = !cutter.label[i];
    }
    cutter.inside = eroded(cutter.label, width, height, kInnerBand);
    cutter.outside = eroded(not_label, width, height, kOuterBand);
    Image8 colour = image.rgb;
    image.alpha = Image8(width, height, 1);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const std::size_t i = cutter.index(x, y);
            std::array<float, 3> performer;
            float alpha = cutter.label[i];
            if (!cutter.inside[i] && !cutter.outside[i] && background.known[i] != Known::never &&
                cutter.performer_near(x, y, performer)) {
                alpha = cutter.mixture(x, y, performer);
                for (std::size_t c = 0; c < 3 && alpha > 0 && alpha < 1; ++c) {
                    const float own =
                        (float(image.rgb.pixels[3 * i + c]) - (1 - alpha) * background.colour[3 * i + c]) /
                        alpha;
                    const float value = alpha < kColourAlpha ? performer[c] : own;
                    colour.pixels[3 * i + c] = std::uint8_t(std::clamp(std::lround(value), 0l, 255l));
                }
            }
            if (!image.valid.empty() && !image.valid.pixels[i]) alpha = 0;
            image.alpha.pixels[i] = std::uint8_t(std::lround(255 * alpha));
        }
    image.rgb = std::move(colour);
}

}  // namespace volumen::masks
