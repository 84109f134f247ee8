#include "encoder/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "formats/program/program.h"

namespace volumen {
namespace {

constexpr int kBarWidth = 30;
constexpr std::chrono::milliseconds kRedraw{200};
constexpr double kLeastDone = 0.01;  ///< of this run's work, before a time left is worth telling

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string clock(double seconds) {
    const int s = int(seconds + 0.5);
    return s >= 3600 ? fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
                     : fmt::format("{}:{:02}", s / 60, s % 60);
}

}  // namespace

Progress::Progress(std::string what, std::string step)
    : what_(std::move(what)),
      step_(std::move(step)),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()) {}

std::string Progress::left(double all) const {
    const double done = all - first_;
    if (all >= 1 || done < kLeastDone * (1 - first_)) return "";
    return clock(seconds_since(first_call_) * (1 - all) / done) + " left";
}

void Progress::operator()(int index, int count, double share, double all) {
    throw_if_interrupted();
    const auto now = std::chrono::steady_clock::now();
    if (first_ < 0) first_ = all, first_call_ = now;
    if (!terminal_) {
        if (share < 1 || index == last_step_) return;
        last_step_ = index;
        const std::string rest = left(all);
        fmt::print(stderr, "{}: {} {} of {}, {} s{}{}\n", what_, step_, index + 1, count,
                   int(seconds_since(start_)), rest.empty() ? "" : ", ", rest);
        std::fflush(stderr);
        return;
    }
    if (now - last_draw_ < kRedraw && all < 1) return;
    last_draw_ = now, drawn_ = true;
    fmt::print(stderr, "\r{} [{:<{}}] {} {}/{} {}\033[K", what_,
               std::string(std::size_t(all * kBarWidth), '#'), kBarWidth, step_, index + 1, count, left(all));
    std::fflush(stderr);
}

void Progress::warn(const std::string& line) {
    fmt::print(stderr, "{}{}\n", drawn_ ? "\r\033[K" : "", line);
    std::fflush(stderr);
    drawn_ = false, last_draw_ = {};
}

Progress::~Progress() {
    if (drawn_) fmt::print(stderr, "\n");
}

}  // namespace volumen
