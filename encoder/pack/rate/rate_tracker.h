// Keeps a take at a bit rate, segment after segment, by how coarse levels are.
#pragma once

#include <cstddef>
#include <vector>

namespace volumen {

/// Coarseness is the binary logarithm of what all steps are multiplied by. The rule: a segment is coded as
/// coarse as all that is left to code has to be for what is left of the bytes. What is left to code is known
/// from estimates, corrected by what the last segments came to against theirs. Where a segment turns out so
/// much larger or smaller than thought that the coarseness would now be another (by kApart), it is coded
/// again, kTries times at most; the last one as long as the whole take misses the rate.
class RateTracker {
  public:
    static constexpr double kApart = 0.25;
    static constexpr int kTries = 2, kLastTries = 4;
    /// The whole is within this share below the rate, where coarseness reaches so far.
    static constexpr double kTolerance = 0.03;

    /// `most`: bytes of all segments together. `estimates`: of each segment's at coarseness 0, one or more.
    /// Coarseness stays within `finest` … `coarsest`.
    RateTracker(double most, std::vector<double> estimates, double finest, double coarsest);

    /// Of the next segment to code.
    double coarseness() const { return coarseness_; }
    /// What it came to, bytes. Whether that stays; if not, the same one is next again.
    bool keep(double bytes);

    /// After the last segment: whether all were coded at `coarsest`. Where they take too much, nothing helps.
    bool all_coarsest() const { return at_coarsest_ == estimates_.size(); }
    /// Mean over the segments kept.
    double mean_coarseness() const { return next_ ? sum_ / double(next_) : 0; }
    double most() const { return most_; }
    double spent() const { return spent_; }
    /// From the first segment again, knowing now what each takes; `at_coarsest`: without any choice.
    void restart(double most, bool at_coarsest);

  private:
    double level_from(std::size_t segment, double known) const;
    bool fits(double bytes, double wanted) const;

    double most_, finest_, coarsest_;
    std::vector<double> estimates_, found_;  ///< bytes at coarseness 0
    double slope_;                           ///< log2 of the bytes over coarseness, negated
    double coarseness_ = 0, spent_ = 0, sum_ = 0;
    double expected_so_far_ = 0, found_so_far_ = 0;  ///< bytes at coarseness 0, the last ones most
    std::size_t next_ = 0, at_coarsest_ = 0;
    int tries_ = 0;
    double last_coarseness_ = 0, last_bytes_ = 0;  ///< of the try before
};

}  // namespace volumen
