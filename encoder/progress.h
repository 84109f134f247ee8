// Progress of long work: a bar with time left on a terminal, one line a step elsewhere. All on stderr.
#pragma once

#include <chrono>
#include <string>

namespace volumen {

class Progress {
  public:
    /// `what`: "train", "pack"; `steps`: what is counted, "frame".
    Progress(std::string what, std::string step);
    /// `share` of step `index` (from 0) of `count` is done.
    void operator()(int index, int count, double share);
    /// A line of its own on stderr, above the bar.
    void warn(const std::string& line);
    /// Ends the bar's line, if there is one.
    ~Progress();

  private:
    std::string what_, step_;
    bool terminal_;
    int last_step_ = -1;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point start_, last_draw_{};
};

}  // namespace volumen
