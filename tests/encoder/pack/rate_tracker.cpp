#include "encoder/pack/rate/rate_tracker.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "encoder/pack/pack.h"
#include "encoder/pack/rate/step_search.h"
#include "formats/core/error.h"
#include "formats/stream/reader.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

namespace {

struct Course {
    double bytes = 0;
    int encodes = 0, passes = 0;
};

/// Follows segments of these sizes, with bytes that fall by 2^-slope as steps double.
Course follow(RateTracker& tracker, const std::vector<double>& sizes, double slope, double most) {
    Course out;
    for (bool again = false;; again = true) {
        ++out.passes;
        out.bytes = 0;
        for (const double size : sizes) {
            double bytes = 0;
            do {
                bytes = size * std::exp2(-slope * tracker.coarseness());
                ++out.encodes;
            } while (!tracker.keep(bytes));
            out.bytes += bytes;
        }
        if (out.bytes <= most || tracker.all_coarsest()) return out;
        tracker.restart(most, again);
    }
}

}  // namespace

TEST_CASE("a rate is met whatever the segments turn out to be") {
    const std::size_t count = 20;
    const double most = 20e3;
    for (const double slope : {0.3, 0.5, 0.9})
        for (const double later : {0.2, 0.5, 1.0, 2.0, 5.0}) {
            CAPTURE(slope);
            CAPTURE(later);
            std::vector<double> sizes(count, 1000);
            for (std::size_t i = count / 3; i < count; ++i) sizes[i] *= later;
            for (std::size_t i = 0; i < count; ++i) sizes[i] *= 1 + 0.1 * std::sin(double(i * i));
            RateTracker tracker(most, std::vector<double>(count, 1000), -12, 12);
            const Course course = follow(tracker, sizes, slope, most);
            CHECK(course.bytes <= most);
            CHECK(course.bytes >= (1 - RateTracker::kTolerance) * most);
            CHECK(course.passes == 1);
            CHECK(course.encodes <= int(1.4 * count) + RateTracker::kLastTries);
        }
}

TEST_CASE("with estimates that hold nothing is coded twice, and quality stays what it is") {
    const std::vector<double> sizes{500, 1500, 3000, 800, 1200};
    std::vector<double> estimates;
    for (const double size : sizes) estimates.push_back(0.8 * size);  // all as wrong
    RateTracker tracker(7000, estimates, -8, 8);
    const Course course = follow(tracker, sizes, 0.5, 7000);
    CHECK(course.encodes <= 6);
    CHECK(std::abs(tracker.coarseness() - tracker.mean_coarseness()) < 0.3);
}

TEST_CASE("an impossible rate ends with all as coarse as can be") {
    const std::vector<double> sizes(10, 1000);
    RateTracker tracker(1000, sizes, -2, 2);
    const Course course = follow(tracker, sizes, 0.5, 1000);
    CHECK(tracker.all_coarsest());
    CHECK(course.bytes > 1000);
    CHECK(course.passes <= 3);
    // Hard segments behind easy ones, which were coded fine: known by then, it is tried again.
    std::vector<double> hard(10, 1000);
    for (std::size_t i = 5; i < 10; ++i) hard[i] = 20e3;
    RateTracker second(60e3, std::vector<double>(10, 1000), -8, 2);
    const Course again = follow(second, hard, 0.5, 60e3);
    CHECK(again.bytes <= 60e3);
    CHECK(again.passes <= 3);
}

TEST_CASE("a rate that quality 100 does not fill is not filled") {
    const std::vector<double> sizes(5, 1000);
    RateTracker tracker(1e6, sizes, -1, 1);
    const Course course = follow(tracker, sizes, 0.5, 1e6);
    CHECK(course.encodes == 5);
    CHECK(tracker.mean_coarseness() == -1);
}

TEST_CASE("pack keeps a rate on takes whose segments differ, in a bounded number of encodes" *
          doctest::test_suite("measures")) {
    const TemporaryFolder folder;
    const std::vector<int> segments{6, 6, 6, 6, 6};
    const int frames = std::accumulate(segments.begin(), segments.end(), 0);
    for (const bool harder : {true, false}) {
        CAPTURE(harder);
        const auto model = folder / (harder ? "harder" : "easier");
        write_synthetic_model(model, 600, 1, segments, 4);
        // The later ones tremble, or stand still.
        for (int f = 12; f < frames; ++f)
            write_ply(model_frame_path(model, f),
                      synthetic_cloud(600, 1, harder ? f : f / 6 * 6, 4 + unsigned(f / 6) + 1,
                                      harder ? 0.004f : 0.0f));
        const double finest = double(pack(model, folder / "stream", {}).bytes) * 8 * 30 / frames;
        PackOptions options;
        options.bit_rate = finest / 2;
        const PackResult result = pack(model, folder / "stream", options);
        const double rate = double(result.bytes) * 8 * 30 / frames;
        CHECK(rate <= *options.bit_rate);
        CHECK(rate >= 0.97 * *options.bit_rate);
        CHECK(result.quality < 75);
        MESSAGE(result.frames_coded << " frames coded of " << frames);
        // 6 frames a trial: the search, three segments four times for the quality; then the segments.
        const int trials = 6 * (kMostTrials + 3 * 4);
        CHECK(result.frames_coded <= trials + int(1.3 * frames) + 6 * RateTracker::kLastTries);
        CHECK(verify(folder / "stream").problems.empty());
    }
}

TEST_CASE("pack says what a take needs at least") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 600, 1, {4, 4}, 4);
    PackOptions options;
    options.bit_rate = 20e3;
    try {
        pack(folder / "model", folder / "stream", options);
        FAIL("20 kbit/s are not enough");
    } catch (const InputError& error) {
        CHECK(std::string(error.what()).find("even at the lowest quality") != std::string::npos);
    }
    CHECK(!std::filesystem::exists(folder / "stream"));
}
