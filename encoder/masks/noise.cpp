#include "encoder/masks/noise.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace volumen::masks {
namespace {

constexpr float kLeastDeviation = 1.5f, kMostDeviation = 16;
/// A level has a median of its own where so large a share of the values has it: a performer may be all there
/// is of rarer ones.
constexpr double kOwnShare = 0.02;
/// Shot noise spreads levels by no more than this: a level that trembles more is the performer's.
constexpr double kMostSpread = 1.6;
constexpr double kMedianOfNormal = 0.67449;  ///< of |x|, x standard normal

using Histogram = std::array<std::uint64_t, 256>;

/// The median of |d|, as if each whole difference were spread over the levels that round to it.
double median(const Histogram& histogram, std::uint64_t total) {
    double below = 0;
    for (std::size_t d = 0; d < histogram.size(); ++d) {
        const double here = double(histogram[d]), half = 0.5 * double(total);
        if (below + here >= half) {
            const double share = here > 0 ? (half - below) / here : 0;
            return d == 0 ? 0.5 * share : double(d) - 0.5 + share;
        }
        below += here;
    }
    return double(histogram.size());
}

}  // namespace

void NoiseMeter::add(const Image8& a, const Image8& b) {
    for (std::size_t i = 0; i < a.pixels.size(); ++i) {
        const int x = a.pixels[i], y = b.pixels[i];
        ++histogram_[NoiseModel::bin(0.5f * float(x + y))][std::size_t(std::abs(x - y))];
    }
}

NoiseModel NoiseMeter::model() const {
    const auto count = [](const Histogram& histogram) {
        return std::accumulate(histogram.begin(), histogram.end(), std::uint64_t(0));
    };
    // A difference has twice the variance of either value.
    const auto deviation = [&](const Histogram& histogram, std::uint64_t total) {
        return median(histogram, total) / kMedianOfNormal / std::sqrt(2.0);
    };
    Histogram all{};
    for (const Histogram& histogram : histogram_)
        for (std::size_t d = 0; d < all.size(); ++d) all[d] += histogram[d];
    const std::uint64_t total = count(all);
    const double overall = total > 0 ? deviation(all, total) : 0;
    NoiseModel model;
    for (std::size_t bin = 0; bin < histogram_.size(); ++bin) {
        const std::uint64_t here = count(histogram_[bin]);
        const bool own = double(here) >= kOwnShare * double(total) && here > 0;
        const double value =
            own ? std::min(deviation(histogram_[bin], here), kMostSpread * overall) : overall;
        const float bounded = std::clamp(float(value), kLeastDeviation, kMostDeviation);
        model.variance_[bin] = bounded * bounded;
    }
    return model;
}

}  // namespace volumen::masks
