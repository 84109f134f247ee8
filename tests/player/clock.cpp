#include <doctest/doctest.h>

#include "player/view/playback_clock.h"

using namespace volumen;
using namespace std::chrono_literals;

namespace {

constexpr Time kStart = 5s;

PlaybackClock playing(FrameRate fps, int frames) {
    PlaybackClock clock(fps, frames);
    clock.play(kStart);
    return clock;
}

}  // namespace

TEST_CASE("a frame is due from its own time on, not a nanosecond before") {
    const PlaybackClock clock = playing({30, 1}, 100);
    CHECK(clock.due(kStart) == 0);
    CHECK(clock.due(kStart + 33'333'333ns) == 0);
    CHECK(clock.due(kStart + 33'333'334ns) == 1);
    CHECK(clock.due(kStart + 1s - 1ns) == 29);
    CHECK(clock.due(kStart + 1s) == 30);
    for (int p = 0; p < 100; ++p) {
        CHECK(clock.due(clock.time_of(p)) == p);
        if (p > 0) CHECK(clock.due(clock.time_of(p) - 1ns) == p - 1);
    }
}

TEST_CASE("30000/1001 does not drift in a day") {
    const PlaybackClock clock = playing({30000, 1001}, 100);
    const std::int64_t frames = 30000LL * 86;  // 86 · 1001 s are exactly this many frames
    CHECK(clock.due(kStart + 1001s * 86) == frames);
    CHECK(clock.due(kStart + 1001s * 86 - 1ns) == frames - 1);
}

TEST_CASE("paused, nothing becomes due; playing goes on from there") {
    PlaybackClock clock = playing({10, 1}, 100);
    clock.pause(kStart + 250ms);
    CHECK(clock.due(kStart + 10s) == 2);
    clock.play(kStart + 20s);
    CHECK(clock.due(kStart + 20s) == 2);
    CHECK(clock.due(kStart + 20s + 100ms) == 3);
}

TEST_CASE("speed scales the time between frames and never jumps") {
    PlaybackClock clock = playing({10, 1}, 1000);
    clock.set_speed(2000, kStart);
    CHECK(clock.due(kStart + 1s) == 20);
    clock.set_speed(kMinSpeed, kStart + 1s);
    CHECK(clock.due(kStart + 2s - 1ns) == 20);
    CHECK(clock.due(kStart + 2s) == 21);
    // 0.9 of a slow frame has passed: 0.9 of a fast one has, too.
    clock.set_speed(kMaxSpeed, kStart + 2900ms);
    CHECK(clock.due(kStart + 2900ms) == 21);
    CHECK(clock.due(kStart + 2900ms + 2ms) == 21);
    CHECK(clock.due(kStart + 2900ms + 3ms) == 22);
    clock.set_speed(1, kStart + 3s);
    CHECK(clock.speed() == kMinSpeed);
    clock.set_speed(100000, kStart + 3s);
    CHECK(clock.speed() == kMaxSpeed);
}

TEST_CASE("a loop counts on over the laps; without one the last frame stays") {
    PlaybackClock clock = playing({10, 1}, 10);
    CHECK(clock.due(kStart + 2500ms) == 25);
    clock.set_loop(false, kStart + 2500ms);
    CHECK(clock.due(kStart + 2800ms) == 28);
    CHECK_FALSE(clock.ended(kStart + 2800ms));
    CHECK(clock.due(kStart + 100s) == 29);
    CHECK(clock.ended(kStart + 100s));
    clock.set_loop(true, kStart + 100s);
    CHECK(clock.due(kStart + 100s) == 29);
    CHECK(clock.due(kStart + 100s + 100ms) == 30);
}

TEST_CASE("seeking starts the new frame's time afresh") {
    PlaybackClock clock = playing({10, 1}, 100);
    clock.seek(50, kStart + 333ms);
    CHECK(clock.due(kStart + 333ms) == 50);
    CHECK(clock.due(kStart + 432ms) == 50);
    CHECK(clock.due(kStart + 433ms) == 51);
    clock.seek(-7, kStart + 1s);
    CHECK(clock.due(kStart + 1s) == 0);
}

TEST_CASE("a hostile frame rate is replaced") {
    const PlaybackClock clock = playing({0, 0}, 0);
    CHECK(clock.due(kStart + 1s) == 30);
    const PlaybackClock fast = playing({2147483647, 1}, 2147483647);
    CHECK(fast.due(kStart + 1h) == 3600LL * 2147483647);
}

TEST_CASE("the ladder of speeds goes up and down and ends") {
    CHECK(step_speed(1000, 1) == 1250);
    CHECK(step_speed(1000, -1) == 750);
    CHECK(step_speed(1100, 1) == 1250);
    CHECK(step_speed(1100, -1) == 1000);
    CHECK(step_speed(kMaxSpeed, 1) == kMaxSpeed);
    CHECK(step_speed(kMinSpeed, -1) == kMinSpeed);
}
