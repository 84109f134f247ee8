#include "player/view/playback_clock.h"

#include <algorithm>
#include <array>
#include <utility>

namespace volumen {
namespace {

__extension__ using Wide = __int128;  // nanoseconds × frame rate × speed overflow 64 bits within minutes

constexpr Wide kNanosecondsTimesSpeed = Wide(1'000'000'000) * kNormalSpeed;

}  // namespace

PlaybackClock::PlaybackClock(FrameRate fps, int frames) : fps_(fps), frames_(std::max(frames, 1)) {
    if (fps_.numerator <= 0 || fps_.denominator <= 0) fps_ = {};
}

void PlaybackClock::play(Time now) {
    if (playing_) return;
    anchor_time_ = now;
    playing_ = true;
}

void PlaybackClock::pause(Time now) {
    anchor(now);
    playing_ = false;
}

void PlaybackClock::seek(std::int64_t position, Time now) {
    anchor_position_ = std::max<std::int64_t>(position, 0);
    anchor_time_ = now;
}

void PlaybackClock::set_speed(int thousandths, Time now) {
    anchor(now);
    const int old_speed = std::exchange(speed_, std::clamp(thousandths, kMinSpeed, kMaxSpeed));
    // The share of the frame that has passed stays the same.
    if (playing_)
        anchor_time_ = now - Time(std::int64_t(Wide((now - anchor_time_).count()) * old_speed / speed_));
}

void PlaybackClock::set_loop(bool loop, Time now) {
    anchor(now);
    loop_ = loop;
}

// Moves the anchor to the start of the frame that is due.
void PlaybackClock::anchor(Time now) {
    if (!playing_) return;
    const std::int64_t position = due(now);
    anchor_time_ = position == anchor_position_ ? anchor_time_ : time_of(position);
    if (!loop_ && position == last_of_lap()) anchor_time_ = now;
    anchor_position_ = position;
}

std::int64_t PlaybackClock::due(Time now) const {
    if (!playing_ || now <= anchor_time_) return anchor_position_;
    const Wide passed = Wide((now - anchor_time_).count()) * fps_.numerator * speed_ /
                        (kNanosecondsTimesSpeed * fps_.denominator);
    const auto position = anchor_position_ + std::int64_t(passed);
    return loop_ ? position : std::min(position, last_of_lap());
}

Time PlaybackClock::time_of(std::int64_t position) const {
    const Wide scale = Wide(fps_.numerator) * speed_;
    const Wide wait = Wide(position - anchor_position_) * fps_.denominator * kNanosecondsTimesSpeed;
    return anchor_time_ + Time(std::int64_t((wait + scale - 1) / scale));
}

int step_speed(int thousandths, int direction) {
    constexpr std::array kLadder{100, 250, 500, 750, 1000, 1250, 1500, 2000, 3000, 4000};
    if (direction > 0) {
        const auto up = std::ranges::upper_bound(kLadder, thousandths);
        return up == kLadder.end() ? kMaxSpeed : *up;
    }
    const auto down = std::ranges::lower_bound(kLadder, thousandths);
    return down == kLadder.begin() ? kMinSpeed : *(down - 1);
}

}  // namespace volumen
