#include "encoder/pack/rate/step_search.h"

#include <algorithm>
#include <cmath>

namespace volumen {

namespace {

/// Log2 of a move: enough to stand out of what chance does to pictures.
constexpr double kMove = 0.5;
constexpr int kRounds = 3;
/// A quantiser this much finer has the same error with levels this much coarser, log2, on trained takes.
constexpr int kQuantiserMove = 3, kFinestQuantiser = 2;
constexpr double kQuantiserScale = 0.65;
/// Logarithms of costs that differ by less differ by chance; and what a whole search must gain.
constexpr double kNoise = 0.002, kWorthIt = 0.015;
/// At the best step half a move more costs about this share of the bytes that it gives, as errors grow with
/// the square of a step and bytes with its logarithm. Where it costs more, a finer step may be better.
constexpr double kCostAtBest = 0.44;
/// Kept for the end: trials at the error of the start, until the logarithms differ by no more than this.
constexpr int kLastTrials = 2;
constexpr double kSameError = 0.03;

class Search {
  public:
    Search(const TrySteps& attempt, std::span<const int> classes, int quantiser)
        : attempt_(attempt), classes_(classes), quantiser_(quantiser) {}

    StepSearch run() {
        start_ = best_ = attempt({});
        if (!weigh(attempt({coarser({}, kMove)}), attempt({coarser({}, -kMove)})))
            return {StepTuning{}, 0, trials_};
        balance_quantiser();
        std::array<double, kStepClasses> direction;  // 0: nothing more to gain
        direction.fill(0);
        for (const int c : classes_) direction[std::size_t(c)] = 1;
        for (; round_ < kRounds; ++round_)
            for (const int c : classes_)
                direction[std::size_t(c)] = move_class(std::size_t(c), direction[std::size_t(c)]);
        return result();
    }

  private:
    Trial attempt(const StepTuning& tuning) {
        ++trials_;
        return attempt_(tuning);
    }
    bool may_try() const { return trials_ + kLastTrials < kMostTrials; }
    /// What a byte is worth, from all classes made coarser and finer: ln bytes as a parabola over ln error.
    /// Nothing can be weighed where there is no error, or where steps change nothing.
    bool weigh(const Trial& coarse, const Trial& fine) {
        const double e0 = std::log(fine.error / start_.error), e1 = std::log(coarse.error / start_.error);
        const double b0 = std::log(fine.bytes / start_.bytes), b1 = std::log(coarse.bytes / start_.bytes);
        if (!(e0 < -kWorthIt && e1 > kWorthIt && b0 > kWorthIt && b1 < -kWorthIt)) return false;
        bend_ = (b1 / e1 - b0 / e0) / (e1 - e0);
        slope_ = b1 / e1 - bend_ * e1;
        error_slope_ = (e1 - e0) / (2 * kMove);
        return std::isfinite(bend_);
    }
    /// Log of the bytes over what the error is worth by that parabola; the start's is 0.
    double cost(const Trial& t) const {
        const double error = std::log(t.error / start_.error);
        return std::log(t.bytes / start_.bytes) - (slope_ + bend_ * error) * error;
    }
    bool keep_if_better(const StepTuning& tuning, const Trial& t) {
        if (!(cost(t) < cost(best_) - kNoise)) return false;
        best_ = t, tuning_ = tuning;
        return true;
    }

    void balance_quantiser() {
        for (;;) {
            const StepTuning next{coarser(tuning_.scales, kQuantiserScale),
                                  tuning_.quantiser - kQuantiserMove};
            if (quantiser_ + next.quantiser < kFinestQuantiser || !may_try()) return;
            if (!keep_if_better(next, attempt(next))) return;
        }
    }

    /// Tries a class in one direction, and in the other where that promises more; returns where to go on.
    double move_class(std::size_t c, double direction) {
        if (direction == 0 || !may_try()) return 0;
        StepTuning next = tuning_;
        next.scales[c] += direction * kMove;
        const Trial before = best_, t = attempt(next);
        if (keep_if_better(next, t)) return direction;
        const double given = 1 - t.bytes / before.bytes, costs = cost(t) - cost(before);
        const bool first_try = round_ == 0;
        if (!first_try || costs < kCostAtBest * given + kNoise || given < kNoise || !may_try()) return 0;
        next.scales[c] -= 2 * direction * kMove;
        return keep_if_better(next, attempt(next)) ? -direction : 0;
    }

    /// At the error of the start, tried once more: what is promised has been seen.
    StepSearch result() {
        for (int i = 0; i < kLastTrials && cost(best_) < -kWorthIt; ++i) {
            const double off = std::log(best_.error / start_.error);
            if (std::abs(off) < kSameError) break;
            const double move = -off / error_slope_;
            tuning_.scales = coarser(tuning_.scales, move);
            const double before = std::log(best_.error);
            best_ = attempt(tuning_);
            const double slope = (std::log(best_.error) - before) / move;
            if (slope > error_slope_ / 4) error_slope_ = slope;
        }
        if (cost(best_) >= -kWorthIt) return {StepTuning{}, 0, trials_};
        return {tuning_, 1 - std::exp(cost(best_)), trials_};
    }

    const TrySteps& attempt_;
    std::span<const int> classes_;
    int quantiser_;
    Trial start_, best_;
    StepTuning tuning_;
    double slope_ = 0, bend_ = 0;  ///< of the parabola
    double error_slope_ = 0;       ///< of ln error, over the common log2 scale
    int trials_ = 0, round_ = 0;
};

}  // namespace

StepSearch search_steps(const TrySteps& attempt, std::span<const int> classes, int quantiser) {
    return Search(attempt, classes, quantiser).run();
}

}  // namespace volumen
