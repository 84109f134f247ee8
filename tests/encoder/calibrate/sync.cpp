// Known delays are found, with masks and without; what does not move tells nothing.
#include "encoder/calibrate/sync.h"

#include <doctest/doctest.h>

#include <cmath>

#include "encoder/calibrate/sync_option.h"
#include "formats/core/error.h"
#include "tests/encoder/calibrate/samples.h"
#include "tests/formats/media/rig_writer.h"

using namespace volumen;

namespace {

void check_offsets(const SyncEstimate& estimate, const std::map<int, int>& late) {
    for (int v = 0; v < int(estimate.curves.size()); ++v) {
        CAPTURE(v);
        const SyncCurve& curve = estimate.curves[std::size_t(v)];
        CHECK(curve.offset == (late.contains(v) ? late.at(v) : 0));
        CHECK(curve.confidence > 0.5);
    }
}

}  // namespace

TEST_CASE("late and early views are found by their silhouettes") {
    const std::map<int, int> late{{2, 2}, {7, -3}};
    const SyncEstimate estimate = estimate_sync(ball_samples(10, 20, late, {}, true));
    CHECK(estimate.method == "silhouettes");
    CHECK(estimate.any());
    check_offsets(estimate, late);
}

TEST_CASE("six cameras are enough, and a synchronous rig is left alone") {
    check_offsets(estimate_sync(ball_samples(6, 14, {{1, 1}}, {}, true)), {{1, 1}});
    const SyncEstimate none = estimate_sync(ball_samples(8, 14, {}, {}, true));
    CHECK_FALSE(none.any());
    check_offsets(none, {});
}

TEST_CASE("without masks the motion in planes through two cameras tells") {
    const std::map<int, int> late{{3, 2}, {8, -1}};
    const SyncEstimate estimate = estimate_sync(ball_samples(12, 24, late, {}, false));
    CHECK(estimate.method == "motion");
    for (int v = 0; v < 12; ++v) {
        CAPTURE(v);
        CHECK(estimate.curves[std::size_t(v)].offset == (late.contains(v) ? late.at(v) : 0));
    }
}

TEST_CASE("a still subject and a single frame tell nothing") {
    for (const bool masks : {true, false}) {
        Samples samples = ball_samples(4, 1, {}, {}, masks);
        CHECK_FALSE(estimate_sync(samples).any());
        samples.frame_count = 12;
        for (SampledView& view : samples.views) view.pictures.resize(12, view.pictures.front());
        const SyncEstimate estimate = estimate_sync(samples);
        CHECK_FALSE(estimate.any());
        for (const SyncCurve& curve : estimate.curves) CHECK(curve.confidence == 0);
    }
}

TEST_CASE("missing pictures and views without any do no harm") {
    Samples samples = ball_samples(8, 16, {{2, 1}}, {}, true);
    samples.views[5].pictures[8] = {};
    for (SmallPicture& picture : samples.views[6].pictures) picture = {};
    const SyncEstimate estimate = estimate_sync(samples);
    CHECK(estimate.curves[2].offset == 1);
    CHECK(estimate.curves[5].offset == 0);
    CHECK(estimate.curves[6].offset == 0);
}

TEST_CASE("--sync by index and by name") {
    const TemporaryFolder folder;
    write_sequence(folder, 3, 2);
    const auto offsets = [&](const char* text) { return sync_offsets(folder.path(), text, {}, {}); };
    CHECK(offsets("").empty());
    CHECK(offsets("1:2") == std::vector<int>{0, 2, 0});
    CHECK(offsets("2.png:-1,0:3") == std::vector<int>{3, 0, -1});
    for (const char* bad : {"1", "1:", ":2", "1:x", "1:2,", "7:1", "cam:1", "1:1,1.png:2", "1:99999999999"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(offsets(bad), UsageError);
    }
    const std::vector<CaptureView> views{{.name = "a", .camera = {}}, {.name = "b\"", .camera = {}}};
    CHECK(offsets_entry(views, {0, -2}) == "\"offsets\": {\"b\\\"\":-2}");
}

TEST_CASE("--sync auto reads the capture and tells what it found") {
    const TemporaryFolder folder;
    constexpr int kViews = 8, kFrames = 14;
    nlohmann::json rig;
    for (int v = 0; v < kViews; ++v) {
        const Camera camera = balls::camera(v, kViews, 64);
        rig["frames"].push_back(rig_entry(fmt::format("image/0/{}.png", v), camera));
        for (int f = 0; f < kFrames; ++f)
            put_image(folder / fmt::format("image/{}/{}.png", f, v),
                      balls::image(balls::performer(float(f - (v == 3 ? 2 : 0))), camera));
    }
    folder.write("transforms.json", rig.dump());
    std::vector<std::string> told;
    const std::vector<int> offsets =
        sync_offsets(folder.path(), "auto", {5}, [&](const std::string& line) { told.push_back(line); });
    CHECK(offsets == std::vector<int>{0, 0, 0, 2, 0, 0, 0, 0});
    REQUIRE(told.size() == 1);
    CHECK(told[0].starts_with("view 3 (3.png) is 2 frames late"));
}
