#include "player/view/presenter.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace volumen;
using namespace std::chrono_literals;

namespace {

/// Frames become ready when the test says so.
class FakeSource final : public FrameSource {
  public:
    std::int64_t decoded = 0;  ///< positions below it are ready
    std::int64_t end = 1000000;
    std::int64_t lost_begin = 0, lost_end = 0;
    int seeks = 0;

    std::optional<SourceFrame> next() override {
        if (!ready_position()) return std::nullopt;
        const std::int64_t position = at_++;
        return SourceFrame{.position = position, .index = int(position), .decode_ms = 0, .content = {}};
    }
    std::optional<std::int64_t> ready_position() override {
        if (at_ >= lost_begin && at_ < lost_end) at_ = lost_end;
        if (at_ >= std::min(decoded, end)) return std::nullopt;
        return at_;
    }
    const SourceFrame* peek() override {
        const auto position = ready_position();
        if (!position) return nullptr;
        peeked_.position = *position, peeked_.index = int(*position);
        return &peeked_;
    }
    bool finished() const override { return at_ >= end; }
    void seek(std::int64_t position) override { at_ = position, ++seeks; }
    void set_backwards(bool) override {}
    void set_loop(bool) override {}
    std::vector<LostFrames> lost() const override { return {}; }
    std::string device() const override { return {}; }
    void on_ready(std::function<void()>) override {}

  private:
    std::int64_t at_ = 0;
    SourceFrame peeked_;
};

struct Player {
    FakeSource source;
    PlaybackClock clock{{10, 1}, 1000};
    Presenter presenter{source, clock};

    Player() { clock.play(0s); }
    std::int64_t shown(Time now) {
        const auto frame = presenter.update(now);
        return frame ? frame->position : -1;
    }
};

}  // namespace

TEST_CASE("each frame is shown when it is due") {
    Player player;
    player.source.decoded = 100;
    CHECK(player.shown(1s) == 0);  // the clock waited for the first frame
    CHECK(player.shown(1s + 99ms) == -1);
    CHECK(player.presenter.next_update() == 1100ms);
    CHECK(player.shown(1100ms) == 1);
    CHECK(player.shown(1150ms) == -1);
    CHECK(player.shown(1200ms) == 2);
    CHECK(player.presenter.dropped() == 0);
    CHECK(player.presenter.stalls().empty());
}

TEST_CASE("between two frames: how far, and which one comes") {
    Player player;
    CHECK(player.presenter.share(0s) == 0);
    CHECK(!player.presenter.upcoming());
    player.source.decoded = 1;
    player.shown(1s);
    CHECK(!player.presenter.upcoming());  // not decoded yet
    player.source.decoded = 2;
    REQUIRE(player.presenter.upcoming());
    CHECK(player.presenter.upcoming()->position == 1);
    CHECK(player.presenter.share(1s + 25ms) == doctest::Approx(0.25));
    CHECK(player.presenter.share(1s + 100ms) == 1);
    CHECK(player.presenter.share(5s) == 1);
    player.clock.set_speed(500, 1s + 50ms);
    CHECK(player.presenter.share(1s + 50ms) == doctest::Approx(0.5));
    CHECK(player.presenter.share(1s + 100ms) == doctest::Approx(0.75));
    player.clock.pause(1s + 100ms);
    CHECK(player.presenter.share(1s + 120ms) == 0);
    player.source.lost_begin = 1, player.source.lost_end = 3, player.source.decoded = 5;
    CHECK(!player.presenter.upcoming());  // the next one is lost: nothing lies between
}

TEST_CASE("a late display drops frames, in order") {
    Player player;
    player.source.decoded = 100;
    player.shown(0s);
    CHECK(player.shown(420ms) == 4);
    CHECK(player.presenter.dropped() == 3);
    CHECK(player.shown(500ms) == 5);
    CHECK(player.presenter.dropped() == 3);
}

TEST_CASE("a late decoder stalls; a long stall holds the clock, a short one is caught up") {
    Player player;
    player.source.decoded = 2;
    player.shown(0s);
    CHECK(player.shown(100ms) == 1);
    CHECK(player.shown(200ms) == -1);
    CHECK_FALSE(player.presenter.next_update());
    CHECK(player.shown(250ms) == -1);
    player.source.decoded = 3;
    CHECK(player.shown(320ms) == 2);
    REQUIRE(player.presenter.stalls().size() == 1);
    CHECK(player.presenter.stalls()[0].frame == 2);
    CHECK(player.presenter.stalls()[0].wait_ms == doctest::Approx(120));
    player.source.decoded = 4;
    CHECK(player.shown(320ms) == 3);  // caught up
    CHECK(player.shown(2s) == -1);
    player.source.decoded = 100;
    CHECK(player.shown(5s) == 50);  // the last one that is due, and the clock is right again
    CHECK(player.presenter.dropped() == 46);
    CHECK(player.shown(5100ms) == 51);

    player.source.decoded = 53;
    CHECK(player.shown(6s) == 52);
    CHECK(player.shown(9s) == -1);
    player.source.decoded = 54;
    CHECK(player.shown(10s) == 53);
    player.source.decoded = 100;
    CHECK(player.shown(10s + 99ms) == -1);  // the clock was held: 53 has its full time
    CHECK(player.shown(10s + 100ms) == 54);
}

TEST_CASE("over lost frames the last good one stands, without a stall") {
    Player player;
    player.source.decoded = 100;
    player.source.lost_begin = 3, player.source.lost_end = 6;
    player.shown(0s);
    player.shown(100ms);
    CHECK(player.shown(200ms) == 2);
    CHECK(player.shown(300ms) == -1);
    CHECK(player.presenter.next_update() == 600ms);
    CHECK(player.shown(599ms) == -1);
    CHECK(player.shown(600ms) == 6);
    CHECK(player.presenter.stalls().empty());
    CHECK(player.presenter.dropped() == 0);
}

TEST_CASE("a seek shows its frame as soon as it is there, playing or not") {
    Player player;
    player.source.decoded = 100;
    player.shown(0s);
    player.clock.pause(50ms);
    player.source.decoded = 0;
    player.presenter.seek(40, 60ms);
    CHECK(player.presenter.waiting());
    CHECK(player.shown(70ms) == -1);
    player.source.decoded = 100;
    CHECK(player.shown(2s) == 40);
    CHECK_FALSE(player.presenter.waiting());
    CHECK(player.shown(9s) == -1);
    player.clock.play(10s);
    CHECK(player.shown(10100ms) == 41);
}

TEST_CASE("steps go on without a seek, and back with one") {
    Player player;
    player.source.decoded = 100;
    player.shown(0s);
    player.presenter.step(1, 10ms);
    CHECK_FALSE(player.clock.playing());
    CHECK(player.shown(10ms) == 1);
    CHECK(player.source.seeks == 0);
    player.presenter.step(-1, 20ms);
    CHECK(player.source.seeks == 1);
    CHECK(player.shown(20ms) == 0);
    player.clock.set_loop(false, 30ms);
    player.presenter.step(-1, 30ms);
    CHECK(player.shown(30ms) == 0);
    player.clock.set_loop(true, 30ms);
    player.source.decoded = 1000;
    player.presenter.step(-1, 40ms);
    CHECK(player.shown(40ms) == 999);
}

TEST_CASE("at the end nothing is waited for") {
    Player player;
    player.clock.set_loop(false, 0s);
    player.source.decoded = 1000, player.source.end = 1000;
    player.shown(0s);
    player.presenter.seek(998, 1s);
    CHECK(player.shown(1s) == 998);
    CHECK(player.shown(1100ms) == 999);
    CHECK(player.shown(5s) == -1);
    CHECK(player.presenter.stalls().empty());
    player.presenter.step(1, 6s);
    CHECK_FALSE(player.presenter.waiting());
}
