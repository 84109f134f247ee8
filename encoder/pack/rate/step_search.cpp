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
constexpr double kNoise = 0.002, kWorthIt = 0.02;
/// At the best step half a move more costs about this share of the bytes that it gives, as errors grow with
/// the square of a step and bytes with its logarithm. Where it costs more, a finer step may be better.
constexpr double kCostAtBest = 0.44;
/// Kept for the end: trials at the error of the start, until the logarithms differ by no more than this.
constexpr int kLevelTrials = 2, kLastTrials = 2 * kLevelTrials;
constexpr double kSameError = 0.04, kMost = 1;
/// Of ln error over the common log2 scale, to begin with.
constexpr double kErrorSlope = 0.8;
/// QP that the quantiser is moved by to see what errors are worth; logarithms of errors that differ by less
/// do not tell.
constexpr int kQuantiserProbe = 3;
constexpr double kTellsSlope = 0.03;

class Search {
  public:
    Search(const TrySteps& attempt, std::span<const int> classes, int quantiser)
        : attempt_(attempt), classes_(classes), quantiser_(quantiser) {}

    StepSearch run() {
        start_ = best_ = least_ = attempt({});
        const int finer = std::max(kFinestQuantiser - quantiser_, -kQuantiserProbe);
        const Trial coarse = attempt({{}, kQuantiserProbe});
        if (!weigh(coarse, finer < 0 ? attempt({{}, finer}) : coarse)) return {StepTuning{}, 0, trials_};
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
        const Trial t = attempt_(tuning);
        if (trials_++ > 0 && t.error <= start_.error && t.bytes < least_.bytes)
            least_ = t, least_at_ = tuning;
        return t;
    }
    bool may_try() const { return trials_ + kLastTrials < kMostTrials; }
    /// What an error is worth, from the quantiser made coarser and finer. Nothing can be weighed where there
    /// is no error, or where that changes little.
    bool weigh(const Trial& coarse, const Trial& fine) {
        const double e0 = std::log(fine.error / start_.error), e1 = std::log(coarse.error / start_.error);
        const double b0 = std::log(fine.bytes / start_.bytes), b1 = std::log(coarse.bytes / start_.bytes);
        finer_slope_ = b0 / e0, coarser_slope_ = b1 / e1;
        quantiser_slope_ = e1 / kQuantiserProbe;
        return std::abs(e0) > kTellsSlope && e1 > kTellsSlope && finer_slope_ < 0 && coarser_slope_ < 0;
    }
    /// Log of the bytes over those that another quantiser takes at the same error; the start's is 0.
    double cost(const Trial& t) const {
        const double error = std::log(t.error / start_.error);
        return std::log(t.bytes / start_.bytes) - (error < 0 ? finer_slope_ : coarser_slope_) * error;
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

    /// At the error of the start, tried once more: what is promised has been seen. Back to that error lead
    /// coarser or finer steps, or another quantiser; which is the better way differs.
    StepSearch result() {
        const Trial found = best_;
        const StepTuning found_at = tuning_;
        for (const bool by_quantiser : {false, true}) {
            best_ = found, tuning_ = found_at;
            if (level_error(by_quantiser)) return {tuning_, 1 - std::exp(cost(best_)), trials_};
        }
        // Not levelled, but better in both.
        if (least_.bytes < (1 - kWorthIt) * start_.bytes)
            return {least_at_, 1 - least_.bytes / start_.bytes, trials_};
        return {StepTuning{}, 0, trials_};
    }

    /// Whether that leaves a gain.
    bool level_error(bool by_quantiser) {
        double off = std::log(best_.error / start_.error), slope = kErrorSlope;
        for (int i = 0; i < kLevelTrials && std::abs(off) > kSameError && cost(best_) < -kWorthIt; ++i) {
            // The quantiser goes as far as whole QP do, the steps the rest.
            const int quantiser =
                by_quantiser && i == 0
                    ? std::max(int(-off / quantiser_slope_),
                               std::min(0, kFinestQuantiser - quantiser_ - tuning_.quantiser))
                    : 0;
            const double before = off + quantiser * quantiser_slope_;
            const double move = std::clamp(-before / slope, -kMost, kMost);
            tuning_.scales = coarser(tuning_.scales, move);
            tuning_.quantiser += quantiser;
            best_ = attempt(tuning_);
            off = std::log(best_.error / start_.error);
            if (quantiser == 0) slope = std::clamp((off - before) / move, kErrorSlope / 2, 3 * kErrorSlope);
        }
        // What is far from the error of the start would be judged by a guess.
        return std::abs(off) <= 2 * kSameError && cost(best_) < -kWorthIt;
    }

    const TrySteps& attempt_;
    std::span<const int> classes_;
    int quantiser_;
    Trial start_, best_;
    Trial least_;  ///< with the fewest bytes of those that err no more than the start
    StepTuning least_at_;
    StepTuning tuning_;
    double finer_slope_ = 0, coarser_slope_ = 0;  ///< of ln bytes over ln error, both sides of the start
    double quantiser_slope_ = 0;                  ///< of ln error, over QP
    int trials_ = 0, round_ = 0;
};

}  // namespace

StepSearch search_steps(const TrySteps& attempt, std::span<const int> classes, int quantiser) {
    return Search(attempt, classes, quantiser).run();
}

}  // namespace volumen
