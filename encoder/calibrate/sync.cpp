#include "encoder/calibrate/sync.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "encoder/calibrate/motion_planes.h"
#include "encoder/calibrate/vote_hull.h"
#include "formats/core/parallel.h"

namespace volumen {
namespace {

constexpr int kMaxRange = 10;
/// Moments looked at, evenly over those that every offset reaches.
constexpr int kMoments = 6;
/// Silhouettes: an offset is believed when it lowers the cost (mismatch) by this much and by this share of
/// it.
constexpr double kLeastGain = 0.004, kLeastShare = 0.1;
/// Motion: when it raises the correlation by this much, to at least that.
constexpr double kLeastRise = 0.06, kLeastCorrelation = 0.3;
/// One view in so many may be wrong while offsets are searched for; in the end none may.
constexpr int kViewsPerError = 8;

/// What of a silhouette a mask does not have, in proportion to what of a mask the silhouette does not have:
/// hulls are larger than their subject, the more so the fewer views there are, but never smaller.
constexpr double kHullOnly = 0.25;

/// The share of mask and silhouette that speaks against their belonging together.
double mismatch(const std::vector<std::uint8_t>& mask, const std::vector<std::uint8_t>& silhouette) {
    std::size_t mask_only = 0, hull_only = 0, either = 0;
    for (std::size_t i = 0; i < mask.size(); ++i) {
        mask_only += mask[i] && !silhouette[i];
        hull_only += !mask[i] && silhouette[i];
        either += mask[i] || silhouette[i];
    }
    return either ? (double(mask_only) + kHullOnly * double(hull_only)) / double(either) : 0;
}

struct Curves {
    std::vector<std::vector<double>> cost;             ///< [view][offset + range]
    std::vector<std::vector<std::vector<double>>> at;  ///< [view][moment][offset + range]
};

int range_of(const Samples& samples) {
    return std::clamp((samples.frame_count - 2) / 3, 0, kMaxRange);
}

std::vector<int> moments(const Samples& samples, int range) {
    const int first = range, last = samples.frame_count - 1 - range;
    const int count = std::min(kMoments, last - first + 1);
    std::vector<int> out;
    for (int i = 0; i < count; ++i)
        out.push_back(count == 1 ? (first + last) / 2 : first + (last - first) * i / (count - 1));
    return out;
}

Curves silhouette_curves(const Samples& samples, int range, const std::vector<int>& offsets, int tolerance) {
    const std::size_t views = samples.views.size();
    const std::vector<int> frames = moments(samples, range);
    Curves out;
    out.cost.assign(views, std::vector<double>(std::size_t(2 * range + 1), NAN));
    out.at.resize(views);
    for (const int frame : frames) {
        const VoteHull hull(samples, frame, offsets);
        if (hull.voxels() == 0) continue;
        std::vector<std::vector<double>> costs(views);
        parallel_for(views, 1, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t v = begin; v < end; ++v) {
                const std::vector<std::uint8_t> silhouette = hull.silhouette(v, tolerance);
                if (std::ranges::none_of(silhouette, [](std::uint8_t s) { return s != 0; })) continue;
                std::vector<double> cost;
                for (int d = -range; d <= range; ++d) {
                    const SmallPicture* picture = samples.at(v, frame, d);
                    cost.push_back(picture ? mismatch(picture->mask, silhouette) : NAN);
                }
                costs[v] = std::move(cost);
            }
        });
        for (std::size_t v = 0; v < views; ++v)
            if (!costs[v].empty()) out.at[v].push_back(std::move(costs[v]));
    }
    for (std::size_t v = 0; v < views; ++v)
        for (std::size_t d = 0; d < out.cost[v].size(); ++d) {
            double sum = 0;
            for (const auto& moment : out.at[v]) sum += moment[d];  // NaN where any is missing
            if (!out.at[v].empty()) out.cost[v][d] = sum / double(out.at[v].size());
        }
    return out;
}

Curves motion_curves(const std::vector<PairCurve>& pairs, std::size_t views, int range,
                     const std::vector<int>& offsets) {
    Curves out;
    out.cost.assign(views, std::vector<double>(std::size_t(2 * range + 1), NAN));
    out.at.resize(views);
    for (const PairCurve& pair : pairs)
        for (const bool second : {false, true}) {
            const std::size_t own = second ? pair.second : pair.first,
                              other = second ? pair.first : pair.second;
            std::vector<double> cost;
            for (int d = -range; d <= range; ++d) {
                const int later = second ? d - offsets[other] : offsets[other] - d;
                cost.push_back(std::abs(later) <= range ? 1 - pair.correlation[std::size_t(later + range)]
                                                        : NAN);
            }
            out.at[own].push_back(std::move(cost));
        }
    for (std::size_t v = 0; v < views; ++v)
        for (std::size_t d = 0; d < out.cost[v].size(); ++d) {
            double sum = 0;
            int count = 0;
            for (const auto& pair : out.at[v])
                if (std::isfinite(pair[d])) sum += pair[d], ++count;
            if (2 * count > int(out.at[v].size())) out.cost[v][d] = sum / count;
        }
    return out;
}

std::size_t best_of(const std::vector<double>& cost, int range) {
    std::size_t best = std::size_t(range);
    for (std::size_t d = 0; d < cost.size(); ++d)
        if (std::isfinite(cost[d]) && (!std::isfinite(cost[best]) || cost[d] < cost[best])) best = d;
    return best;
}

/// What moving a view from `now` to its best offset gains, or 0 where that is not to be believed.
double gain_of(const std::vector<double>& cost, std::size_t now, std::size_t best, bool silhouettes) {
    if (!std::isfinite(cost[now]) || !std::isfinite(cost[best])) return 0;
    const double gain = cost[now] - cost[best];
    const bool clear = silhouettes ? gain > kLeastGain && gain > kLeastShare * cost[now]
                                   : gain > kLeastRise && 1 - cost[best] > kLeastCorrelation;
    return clear ? gain : 0;
}

/// Moves the views that gain the most, until none gains.
template <class Measure>
Curves settle(std::vector<int>& offsets, int range, bool silhouettes, const Measure& measure) {
    const int rounds = int(offsets.size()) + 4;
    for (int round = 0;; ++round) {
        Curves curves = measure(offsets);
        std::vector<double> gains(offsets.size());
        std::vector<std::size_t> best(offsets.size());
        for (std::size_t v = 0; v < offsets.size(); ++v) {
            best[v] = best_of(curves.cost[v], range);
            gains[v] = gain_of(curves.cost[v], std::size_t(offsets[v] + range), best[v], silhouettes);
        }
        const double most = *std::ranges::max_element(gains);
        if (most == 0 || round == rounds) return curves;
        // A wrong view spoils the hull of its neighbours: those that gain far less wait for it to be mended.
        for (std::size_t v = 0; v < offsets.size(); ++v)
            if (gains[v] > 0.7 * most) offsets[v] = int(best[v]) - range;
    }
}

/// Offsets are relative: most views stay as they are.
void subtract_mode(std::vector<int>& offsets, int range) {
    std::vector<int> votes(std::size_t(4 * range + 1), 0);
    for (const int offset : offsets) ++votes[std::size_t(offset + 2 * range)];
    std::size_t mode = std::size_t(2 * range);
    for (std::size_t i = 0; i < votes.size(); ++i)
        if (votes[i] > votes[mode]) mode = i;
    for (int& offset : offsets) offset -= int(mode) - 2 * range;
}

double confidence_of(const std::vector<std::vector<double>>& at, std::size_t chosen, int range) {
    int agree = 0, count = 0;
    for (const std::vector<double>& moment : at) {
        const auto [low, high] = std::ranges::minmax_element(moment, [](double a, double b) {
            return (std::isfinite(a) ? a : 2) < (std::isfinite(b) ? b : 2);
        });
        if (!std::isfinite(*low)) continue;
        ++count;
        agree +=
            std::isfinite(moment[chosen]) && *high - *low > kLeastGain && best_of(moment, range) == chosen;
    }
    return count ? double(agree) / count : 0;
}

}  // namespace

bool SyncEstimate::any() const {
    return std::ranges::any_of(curves, [](const SyncCurve& c) { return c.offset != 0; });
}

SyncEstimate estimate_sync(const Samples& samples) {
    SyncEstimate out;
    const int range = out.range = range_of(samples);
    const std::size_t views = samples.views.size();
    out.curves.resize(views);
    if (range < 1 || views < 2) return out;
    std::vector<int> offsets(views, 0);
    Curves curves;
    if (samples.masks) {
        out.method = "silhouettes";
        const auto measure = [&](int tolerance) {
            return [&samples, range, tolerance](const std::vector<int>& at) {
                return silhouette_curves(samples, range, at, tolerance);
            };
        };
        const int tolerance = int(views) / kViewsPerError;
        if (tolerance > 0) settle(offsets, range, true, measure(tolerance));
        curves = settle(offsets, range, true, measure(0));
    } else {
        out.method = "motion";
        const std::vector<PairCurve> pairs = motion_pairs(samples, range);
        curves = settle(offsets, range, false,
                        [&](const std::vector<int>& at) { return motion_curves(pairs, views, range, at); });
    }
    std::vector<int> relative = offsets;
    subtract_mode(relative, range);
    for (std::size_t v = 0; v < views; ++v) {
        out.curves[v].confidence = confidence_of(curves.at[v], std::size_t(offsets[v] + range), range);
        out.curves[v].cost = std::move(curves.cost[v]);
        out.curves[v].offset = relative[v];
    }
    return out;
}

SyncedOffsets synced_offsets(const std::filesystem::path& path, const std::vector<int>& views) {
    const Capture capture = Capture::open(path);
    SyncedOffsets out;
    for (const CaptureView& view : capture.views()) out.offsets.push_back(view.offset);
    const Samples samples = read_samples(path, views, 0, capture.frame_count(), {});
    out.estimate = estimate_sync(samples);
    for (std::size_t v = 0; v < views.size(); ++v)
        out.offsets[std::size_t(views[v])] += out.estimate.curves[v].offset;
    return out;
}

}  // namespace volumen
