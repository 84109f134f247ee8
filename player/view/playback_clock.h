// Which frame is due, and when.
#pragma once

#include <chrono>
#include <cstdint>

#include "formats/core/take_info.h"

namespace volumen {

/// Time since any fixed moment, never going back.
using Time = std::chrono::nanoseconds;

/// Playing speed in thousandths: 1000 is as recorded.
inline constexpr int kNormalSpeed = 1000, kMinSpeed = 100, kMaxSpeed = 4000;

/// The content clock. Counts positions: frame 0 of the first lap is position 0, and with a loop the count
/// goes on over the laps. Exact: a position is due at its anchor + n · denominator / (numerator · speed), in
/// integer arithmetic, so that hours of 30000/1001 do not drift.
class PlaybackClock {
  public:
    PlaybackClock(FrameRate fps, int frames);

    void play(Time now);
    void pause(Time now);
    bool playing() const { return playing_; }

    /// `position` is due from `now` on.
    void seek(std::int64_t position, Time now);
    /// In thousandths, clamped to [kMinSpeed, kMaxSpeed]; the position does not jump.
    void set_speed(int thousandths, Time now);
    int speed() const { return speed_; }
    /// Without a loop the clock stands still on the last frame of the lap.
    void set_loop(bool loop, Time now);
    bool loop() const { return loop_; }

    /// The position that is due at `now`.
    std::int64_t due(Time now) const;
    /// When `position` becomes due, while playing.
    Time time_of(std::int64_t position) const;
    /// No later frame will become due: on the last frame, without a loop.
    bool ended(Time now) const { return !loop_ && due(now) == last_of_lap(); }
    int frames() const { return frames_; }

  private:
    std::int64_t last_of_lap() const { return (anchor_position_ / frames_ + 1) * frames_ - 1; }
    void anchor(Time now);

    FrameRate fps_;
    int frames_;
    int speed_ = kNormalSpeed;
    bool playing_ = false, loop_ = true;
    std::int64_t anchor_position_ = 0;  ///< due since anchor_time_
    Time anchor_time_{0};
};

/// The next speed up (direction > 0) or down on the ladder of speeds that the keys step through.
int step_speed(int thousandths, int direction);

}  // namespace volumen
