#include "encoder/masks/labels.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace volumen::masks {
namespace {

/// A performer may have any colour: the log of how much likelier the background's own colour is under the
/// background, at its peak.
constexpr float kPeakOdds = 9;
constexpr float kMostOdds = 8;
/// Shadows keep this share of the light at least; pixels at most this much brighter are no shadow.
constexpr float kDarkestShadow = 0.4f, kBrightestShadow = 1.02f;
constexpr float kShadowCost = 2;  ///< log odds
/// Where the background was never seen, the performer probably never went away.
constexpr float kUnseenOdds = 1.5f;
/// What trembles is rather the performer than the set.
constexpr float kDoubtfulOdds = 1;

constexpr int kIterations = 10;
constexpr float kCoupling = 0.9f;  ///< log odds that one agreeing neighbour adds
/// Squared difference over variance beyond what noise makes, at which the coupling falls to 1/e.
constexpr float kContrast = 20;
constexpr float kLeastCoupling = 0.25f;   ///< share of it that no contrast takes away: cloth has patterns
constexpr float kUnknownCoupling = 0.5f;  ///< share of it, between known and unknown background

float shadow_distance(const std::uint8_t* pixel, const float* mean, const std::array<float, 3>& variance) {
    float along = 0, square = 0;
    for (std::size_t c = 0; c < 3; ++c) {
        along += float(pixel[c]) * mean[c] / variance[c];
        square += mean[c] * mean[c] / variance[c];
    }
    const float gain = std::clamp(square > 0 ? along / square : 1, kDarkestShadow, kBrightestShadow);
    float distance = 0;
    for (std::size_t c = 0; c < 3; ++c) {
        const float d = float(pixel[c]) - gain * mean[c];
        distance += d * d / variance[c];
    }
    return distance;
}

/// The field of one image. Only pixels near something that speaks for the performer take part; all others are
/// background.
class Field {
  public:
    Field(const Image8& rgb, const Background& background, const std::vector<float>& odds)
        : rgb_(rgb),
          background_(background),
          odds_(odds),
          width_(background.width),
          height_(background.height) {
        find_active();
        couple();
    }
    std::vector<float> solve();

  private:
    struct Neighbour {
        int dx, dy;
        float weight;
    };
    static constexpr std::array<Neighbour, 4> kAhead{
        {{1, 0, 1}, {0, 1, 1}, {1, 1, 0.7071f}, {-1, 1, 0.7071f}}};
    static constexpr float kActiveOdds = -2;
    static constexpr int kActiveReach = 3;

    void find_active();
    void couple();
    float share(std::size_t p, std::size_t q) const;
    std::size_t index(int x, int y) const { return std::size_t(y) * std::size_t(width_) + std::size_t(x); }

    const Image8& rgb_;
    const Background& background_;
    const std::vector<float>& odds_;
    int width_, height_;
    std::vector<std::uint8_t> active_;
    std::vector<std::array<float, 4>> coupling_;  ///< to the neighbours ahead
};

void Field::find_active() {
    active_.assign(odds_.size(), 0);
    for (int y = 0; y < height_; ++y)
        for (int x = 0; x < width_; ++x) {
            if (odds_[index(x, y)] < kActiveOdds) continue;
            const int left = std::max(x - kActiveReach, 0), right = std::min(x + kActiveReach + 1, width_);
            for (int v = std::max(y - kActiveReach, 0); v < std::min(y + kActiveReach + 1, height_); ++v)
                std::fill_n(active_.begin() + std::ptrdiff_t(index(left, v)), right - left, std::uint8_t(1));
        }
}

/// How much two neighbours belong together.
float Field::share(std::size_t p, std::size_t q) const {
    const auto seen = [&](std::size_t i) { return background_.known[i] != Known::never; };
    if (seen(p) != seen(q)) return kUnknownCoupling;
    float square = 0;
    for (std::size_t c = 0; c < 3; ++c) {
        const auto difference = [&](std::size_t i) {
            return float(rgb_.pixels[3 * i + c]) - (seen(i) ? background_.colour[3 * i + c] : 0);
        };
        const float variance = seen(p)
                                   ? background_.variance_at(p, int(c)) + background_.variance_at(q, int(c))
                                   : 2 * background_.noise.variance(rgb_.pixels[3 * p + c]);
        const float d = difference(p) - difference(q);
        square += d * d / variance;
    }
    constexpr float kOfNoise = 3;
    return kLeastCoupling + (1 - kLeastCoupling) * std::exp(-std::max(square - kOfNoise, 0.0f) / kContrast);
}

void Field::couple() {
    coupling_.assign(odds_.size(), {});
    for (int y = 0; y < height_; ++y)
        for (int x = 0; x < width_; ++x) {
            const std::size_t p = index(x, y);
            for (std::size_t k = 0; k < kAhead.size() && active_[p]; ++k) {
                const int u = x + kAhead[k].dx, v = y + kAhead[k].dy;
                if (u >= 0 && u < width_ && v < height_)
                    coupling_[p][k] = kCoupling * kAhead[k].weight * share(p, index(u, v));
            }
        }
}

std::vector<float> Field::solve() {
    const auto probability = [](float o) { return 1 / (1 + std::exp(-o)); };
    std::vector<float> belief(odds_.size(), 0);
    for (std::size_t i = 0; i < belief.size(); ++i)
        if (active_[i]) belief[i] = probability(odds_[i]);
    // In place (Gauss-Seidel): converges faster than from a copy, and one thread does all of an image.
    for (int iteration = 0; iteration < kIterations; ++iteration)
        for (int y = 0; y < height_; ++y)
            for (int x = 0; x < width_; ++x) {
                const std::size_t p = index(x, y);
                if (!active_[p]) continue;
                float sum = odds_[p];
                for (std::size_t k = 0; k < kAhead.size(); ++k) {
                    const auto [dx, dy, weight] = kAhead[k];
                    if (x + dx >= 0 && x + dx < width_ && y + dy < height_)
                        sum += coupling_[p][k] * (2 * belief[index(x + dx, y + dy)] - 1);
                    if (x - dx >= 0 && x - dx < width_ && y - dy >= 0) {
                        const std::size_t q = index(x - dx, y - dy);
                        sum += coupling_[q][k] * (2 * belief[q] - 1);
                    }
                }
                belief[p] = probability(sum);
            }
    return belief;
}

}  // namespace

Evidence colour_evidence(const Image8& rgb, const Background& background) {
    const std::size_t area = background.area();
    Evidence out{std::vector<float>(area), std::vector<std::uint8_t>(area, 0), std::vector<float>(area, 0)};
    for (std::size_t i = 0; i < area; ++i) {
        if (background.known[i] != Known::known) {
            out.odds[i] = background.known[i] == Known::never ? kUnseenOdds : kDoubtfulOdds;
            continue;
        }
        const std::uint8_t* const pixel = &rgb.pixels[3 * i];
        const float* const mean = &background.colour[3 * i];
        std::array<float, 3> variance;
        for (std::size_t c = 0; c < 3; ++c) {
            variance[c] = background.variance_at(i, int(c));
            const float d = float(pixel[c]) - mean[c];
            out.distance[i] += d * d / variance[c];
        }
        const float odds = std::clamp(0.5f * out.distance[i] - kPeakOdds, -kMostOdds, kMostOdds);
        out.odds[i] = odds;
        if (odds <= 0) continue;
        const float shadow = 0.5f * shadow_distance(pixel, mean, variance) + kShadowCost - kPeakOdds;
        if (shadow >= odds) continue;
        out.unsure[i] = shadow < 0;
        out.odds[i] = std::max(shadow, 0.0f);
    }
    return out;
}

std::vector<float> smooth_labels(const Image8& rgb, const Background& background,
                                 const std::vector<float>& odds) {
    return Field(rgb, background, odds).solve();
}

}  // namespace volumen::masks
