#include "player/decode/read_ahead.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <set>

#include "formats/core/error.h"
#include "player/decode/backwards.h"

using namespace volumen;
using namespace std::chrono_literals;

namespace {

constexpr int kFrames = 30, kSegment = 5;

/// Segments of five frames; frames in `damaged` throw, and so does going on after one without seeking.
class FakeDecoder final : public TakeDecoder {
  public:
    std::set<int> damaged;
    int broken = -1;  ///< throws something that is not damage
    std::chrono::microseconds delay{0};
    std::atomic<int>* decoded = nullptr;

    void seek(int frame) override { at_ = frame, stuck_ = false; }
    FrameContent next() override {
        std::this_thread::sleep_for(delay);
        if (decoded) ++*decoded;
        if (at_ == broken) throw std::runtime_error("out of memory");
        if (stuck_ || damaged.contains(at_)) {
            stuck_ = true;
            throw InputError("frame {} is damaged", at_);
        }
        PackedFrame frame;
        frame.index = at_++;
        return frame;
    }
    std::string device() const override { return "fake"; }
    int segment_begin(int frame) const override { return frame / kSegment * kSegment; }
    int next_segment(int frame) const override { return (frame / kSegment + 1) * kSegment; }

  private:
    int at_ = -1;
    bool stuck_ = false;
};

ReadAhead make(std::unique_ptr<FakeDecoder> decoder, FrameRange range = {0, kFrames}) {
    return ReadAhead(std::move(decoder), range, 4);
}

std::vector<int> read_all(FrameSource& source) {
    std::vector<int> out;
    while (const auto frame = source.next()) {
        CHECK(std::get<PackedFrame>(frame->content).index == frame->index);
        out.push_back(frame->index);
    }
    return out;
}

std::vector<int> numbers(int begin, int end) {
    std::vector<int> out;
    for (int i = begin; i < end; ++i) out.push_back(i);
    return out;
}

}  // namespace

TEST_CASE("every frame comes exactly once, in order, and then the end") {
    ReadAhead source = make(std::make_unique<FakeDecoder>());
    CHECK(read_all(source) == numbers(0, kFrames));
    CHECK(source.finished());
    CHECK_FALSE(source.next());
    CHECK(source.device() == "fake");

    ReadAhead part = make(std::make_unique<FakeDecoder>(), {7, 12});
    CHECK(read_all(part) == numbers(7, 12));
}

TEST_CASE("backwards: every frame once, last to first, over laps, and forwards again") {
    ReadAhead source = make(std::make_unique<FakeDecoder>(), {3, 21});
    source.set_backwards(true);
    source.seek(0);
    std::vector<int> expected = numbers(3, 21);
    std::ranges::reverse(expected);
    CHECK(read_all(source) == expected);

    source.set_loop(true);
    source.seek(16);
    for (const int frame : {4, 3, 20, 19}) CHECK(source.next()->index == frame);
    source.set_backwards(false);
    source.seek(2);
    for (const int frame : {5, 6, 7}) CHECK(source.next()->index == frame);
    for (int position = 0; position < 40; ++position) {
        const FrameRange range{3, 21};
        CHECK(range.position_of(range.frame_at(position, true), true) == position % 18);
        CHECK(range.position_of(range.frame_at(position)) == position % 18);
    }
}

TEST_CASE("backwards: a damaged segment costs its frames up to the one that was wanted") {
    auto decoder = std::make_unique<FakeDecoder>();
    decoder->damaged = {11};
    ReadAhead source = make(std::move(decoder));
    source.set_backwards(true);
    source.seek(0);
    std::vector<int> expected = numbers(0, 10), after = numbers(15, kFrames);
    expected.insert(expected.end(), after.begin(), after.end());
    std::ranges::reverse(expected);
    CHECK(read_all(source) == expected);
    REQUIRE(source.lost().size() == 1);
    CHECK(source.lost()[0].first_frame == 10);
    CHECK(source.lost()[0].count == 5);
}

TEST_CASE("backwards: a segment longer than a run comes in runs") {
    std::atomic<int> decoded = 0;
    /// One segment.
    class Long final : public TakeDecoder {
      public:
        explicit Long(std::atomic<int>& count) : count_(count) {}
        void seek(int frame) override { at_ = frame; }
        FrameContent next() override {
            ++count_;
            PackedFrame frame;
            frame.index = at_++;
            frame.luma.resize(Backwards::kRunBytes / 8);
            return frame;
        }
        std::string device() const override { return "fake"; }
        int segment_begin(int) const override { return 0; }
        int next_segment(int) const override { return 100; }

      private:
        std::atomic<int>& count_;
        int at_ = 0;
    } decoder(decoded);
    Backwards backwards;
    std::get<PackedFrame>(backwards.read(decoder, 40));
    CHECK(decoded == Backwards::kRun);
    decoded = 0;
    backwards.forget();
    for (int frame = 39; frame >= 0; --frame)
        CHECK(std::get<PackedFrame>(backwards.read(decoder, frame)).index == frame);
    CHECK(decoded == 40);  // in runs of eight, which is what the bytes allow
}

TEST_CASE("no more than the capacity is read ahead") {
    std::atomic<int> decoded = 0;
    auto decoder = std::make_unique<FakeDecoder>();
    decoder->decoded = &decoded;
    ReadAhead source = make(std::move(decoder));
    std::this_thread::sleep_for(30ms);
    CHECK(decoded == 4);
    CHECK(source.next()->index == 0);
    std::this_thread::sleep_for(30ms);
    CHECK(decoded == 5);
}

TEST_CASE("a loop goes round, and positions count on") {
    ReadAhead source = make(std::make_unique<FakeDecoder>(), {10, 13});
    source.set_loop(true);
    for (int position = 0; position < 20; ++position) {
        const auto frame = source.next();
        REQUIRE(frame);
        CHECK(frame->position == position);
        CHECK(frame->index == 10 + position % 3);
    }
    source.set_loop(false);
    int rest = 0;
    while (source.next()) ++rest;
    CHECK(rest < 8);  // the lap and what had been read ahead
}

TEST_CASE("after a seek nothing older comes, whenever it happens") {
    const unsigned seed = std::random_device{}();
    MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    auto decoder = std::make_unique<FakeDecoder>();
    decoder->delay = 50us;
    ReadAhead source = make(std::move(decoder));
    for (int round = 0; round < 200; ++round) {
        const int target = int(random() % kFrames);
        source.seek(target);
        if (random() % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
        const int count = int(random() % 6);
        for (int i = 0; i < count && target + i < kFrames; ++i) {
            const auto frame = source.next();
            REQUIRE(frame);
            CHECK(frame->position == target + i);
        }
    }
}

TEST_CASE("damage costs its segment and is told once") {
    auto decoder = std::make_unique<FakeDecoder>();
    decoder->damaged = {7, 25};
    ReadAhead source = make(std::move(decoder));
    std::vector<int> expected = numbers(0, 7);
    for (const int i : numbers(10, 25)) expected.push_back(i);
    CHECK(read_all(source) == expected);
    source.seek(6);
    CHECK(source.next()->index == 6);
    CHECK(source.next()->index == 10);
    const auto lost = source.lost();
    REQUIRE(lost.size() == 2);
    CHECK(lost[0].first_frame == 7);
    CHECK(lost[0].count == 3);
    CHECK(lost[0].reason == "frame 7 is damaged");
    CHECK(lost[1].first_frame == 25);
    CHECK(lost[1].count == 5);
}

TEST_CASE("a loop in which nothing decodes ends with an error; another failure is passed on") {
    auto decoder = std::make_unique<FakeDecoder>();
    for (const int i : numbers(0, kFrames)) decoder->damaged.insert(i);
    auto everything = std::make_unique<FakeDecoder>(*decoder);
    ReadAhead looping = make(std::move(decoder));
    looping.set_loop(true);
    CHECK_THROWS_AS(looping.next(), InputError);
    ReadAhead once = make(std::move(everything));
    CHECK_FALSE(once.next());
    CHECK(once.lost().size() == kFrames / kSegment);

    auto broken = std::make_unique<FakeDecoder>();
    broken->broken = 3;
    ReadAhead source = make(std::move(broken));
    for (int i = 0; i < 3; ++i) CHECK(source.next()->index == i);
    CHECK_THROWS_WITH(source.next(), "out of memory");
    source.seek(10);
    CHECK(source.next()->index == 10);
}

TEST_CASE("it can be destroyed at any moment") {
    for (int i = 0; i < 50; ++i) {
        auto decoder = std::make_unique<FakeDecoder>();
        decoder->delay = std::chrono::microseconds(10 * i);
        ReadAhead source = make(std::move(decoder));
        if (i % 2) source.next();
        if (i % 3) source.seek(20);
    }
}

TEST_CASE("the player is told of every frame") {
    std::atomic<int> calls = 0;
    ReadAhead source = make(std::make_unique<FakeDecoder>());
    source.on_ready([&] { ++calls; });
    source.seek(0);
    read_all(source);
    CHECK(calls >= kFrames);
}

TEST_CASE("a still cloud stands for every frame") {
    const auto cloud = std::make_shared<const SplatCloud>(3, 0);
    StillSource source(cloud, {2, 5});
    for (int i = 2; i < 5; ++i) {
        const auto frame = source.next();
        REQUIRE(frame);
        CHECK(frame->index == i);
        CHECK(std::get<std::shared_ptr<const SplatCloud>>(frame->content) == cloud);
    }
    CHECK_FALSE(source.next());
    source.seek(1);
    CHECK(source.next()->index == 3);
    source.set_loop(true);
    CHECK(source.next()->index == 4);
    CHECK(source.next()->index == 2);
}
