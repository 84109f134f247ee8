#include "encoder/pack/rate/rate_tracker.h"

#include <algorithm>
#include <cmath>

namespace volumen {

namespace {

/// Of the bytes: the aim, and what the last segment has to reach. What surrounds segments takes the rest of
/// the tolerance.
constexpr double kAim = 0.9925, kEnough = 0.985;
static_assert(kEnough > 1 - RateTracker::kTolerance);
/// Segments count for the estimates' correction by so much less, each, the further back they lie: a take that
/// becomes livelier stays so for a while.
constexpr double kFading = 0.4;
/// Log2 of the bytes over coarseness, on trained takes; two codings of a segment say it better.
constexpr double kSlope = 0.5, kLeastSlope = 0.2, kMostSlope = 1.5;
/// Coarseness has to differ by this much to say anything about the slope.
constexpr double kTellsSlope = 0.02;

}  // namespace

RateTracker::RateTracker(double most, std::vector<double> estimates, double finest, double coarsest)
    : most_(most),
      finest_(finest),
      coarsest_(coarsest),
      estimates_(std::move(estimates)),
      found_(estimates_.size()),
      slope_(kSlope) {
    coarseness_ = level_from(0, estimates_[0]);
}

/// The coarseness at which `known`, bytes of `segment` at coarseness 0, and what follows fill what is left.
double RateTracker::level_from(std::size_t segment, double known) const {
    const double correction =
        (kFading * found_so_far_ + known) / (kFading * expected_so_far_ + estimates_[segment]);
    double left = known;
    for (std::size_t i = segment + 1; i < estimates_.size(); ++i) left += correction * estimates_[i];
    const double bytes = kAim * most_ - spent_;
    if (!(bytes > 0)) return coarsest_;
    return std::clamp(std::log2(left / bytes) / slope_, finest_, coarsest_);
}

/// Whether a segment of `bytes` stays, where `wanted` is what its coarseness should have been.
bool RateTracker::fits(double bytes, double wanted) const {
    if (wanted == coarseness_) return true;  // as coarse, or as fine, as can be
    if (next_ + 1 < estimates_.size()) return tries_ == kTries || std::abs(wanted - coarseness_) < kApart;
    const double all = spent_ + bytes;
    return tries_ == kLastTries || (all <= most_ && all >= kEnough * most_);
}

bool RateTracker::keep(double bytes) {
    const double moved = coarseness_ - last_coarseness_;
    if (tries_ > 0 && std::abs(moved) > kTellsSlope)
        slope_ = std::clamp(std::log2(last_bytes_ / bytes) / moved, kLeastSlope, kMostSlope);
    const double found = bytes * std::exp2(slope_ * coarseness_);
    const double wanted = level_from(next_, found);
    if (!fits(bytes, wanted)) {
        ++tries_;
        last_coarseness_ = coarseness_, last_bytes_ = bytes;
        coarseness_ = wanted;
        return false;
    }
    spent_ += bytes, sum_ += coarseness_;
    at_coarsest_ += coarseness_ == coarsest_;
    found_[next_] = found;
    expected_so_far_ = kFading * expected_so_far_ + estimates_[next_];
    found_so_far_ = kFading * found_so_far_ + found;
    tries_ = 0;
    if (++next_ < estimates_.size()) {
        coarseness_ = level_from(next_, found_so_far_ / expected_so_far_ * estimates_[next_]);
    }
    return true;
}

void RateTracker::restart(double most, bool at_coarsest) {
    most_ = most;
    for (std::size_t i = 0; i < next_; ++i) estimates_[i] = found_[i];
    if (at_coarsest) finest_ = coarsest_;
    spent_ = sum_ = expected_so_far_ = found_so_far_ = 0;
    next_ = at_coarsest_ = 0, tries_ = 0;
    coarseness_ = level_from(0, estimates_[0]);
}

}  // namespace volumen
