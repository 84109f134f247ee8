#include "encoder/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace volumen {
namespace {

constexpr int kBarWidth = 30;
constexpr std::chrono::milliseconds kRedraw{200};

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

void Progress::operator()(int index, int count, double share) {
    const auto now = std::chrono::steady_clock::now();
    const double spent = std::chrono::duration<double>(now - start_).count();
    const double done = count > 0 ? (index + share) / count : 1;
    if (!terminal_) {
        if (share < 1 || index == last_step_) return;
        last_step_ = index;
        fmt::print(stderr, "{}: {} {} of {}, {} s\n", what_, step_, index + 1, count, int(spent));
        std::fflush(stderr);
        return;
    }
    if (now - last_draw_ < kRedraw && done < 1) return;
    last_draw_ = now, drawn_ = true;
    const int filled = int(done * kBarWidth);
    const std::string left = done > 0.01 ? clock(spent * (1 - done) / done) + " left" : "";
    fmt::print(stderr, "\r{} [{:<{}}] {} {}/{} {}\033[K", what_, std::string(std::size_t(filled), '#'),
               kBarWidth, step_, index + 1, count, left);
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
