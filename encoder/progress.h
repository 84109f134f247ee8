// Progress of long work: a bar with time left on a terminal, one line a step elsewhere. All on stderr.
#pragma once

#include <chrono>
#include <string>

namespace volumen {

class Progress {
  public:
    /// `what`: "train", "pack"; `steps`: what is counted, "frame".
    Progress(std::string what, std::string step);
    /// `share` of step `index` (from 0) of `count` is done, and the share `all` of the whole. The time left
    /// is reckoned from what was done since the first call: a run may have begun in the middle. Throws
    /// Interrupted after Ctrl-C and its like.
    void operator()(int index, int count, double share, double all);
    /// The same for steps of the same length.
    void operator()(int index, int count, double share) {
        (*this)(index, count, share, count > 0 ? (index + share) / count : 1);
    }
    /// A line of its own on stderr, above the bar.
    void warn(const std::string& line);
    /// Ends the bar's line, if there is one.
    ~Progress();

  private:
    std::string left(double all) const;
    std::string what_, step_;
    bool terminal_;
    int last_step_ = -1;
    double first_ = -1;  ///< `all` at the first call
    bool drawn_ = false;
    std::chrono::steady_clock::time_point start_, first_call_{}, last_draw_{};
};

}  // namespace volumen
