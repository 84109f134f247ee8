// Profile v3 on small generated takes.
#include <doctest/doctest.h>

#include "encoder/train/v3/v3_trainer.h"
#include "formats/core/error.h"
#include "tests/encoder/train/ball.h"

using namespace volumen;
using namespace volumen::train;

namespace {

TrainSettings small_v3_settings() {
    TrainSettings settings = small_settings();
    settings.profile = Profile::v3;
    settings.mesh_start = true;
    settings.segment_frames = 2;
    settings.refresh_iterations = 30;
    settings.fine_iterations = 30;
    settings.v3.field_iterations = 30;
    return settings;
}

TakeInfo ball_info() {
    TakeInfo info;
    info.bounds_min = glm::vec3(-1.5f), info.bounds_max = glm::vec3(1.5f);
    return info;
}

std::vector<TrainingFrame> moving_ball(int frames) {
    std::vector<TrainingFrame> out;
    for (int f = 0; f < frames; ++f) out.push_back(ball(6, 48, {0.04f * float(f), 0.01f * float(f), 0}, f));
    return out;
}

}  // namespace

TEST_CASE("v3: a moving ball is followed in groups of one topology, within the budget" *
          doctest::test_suite("measures")) {
    const std::vector<TrainingFrame> frames = moving_ball(4);
    V3Trainer trainer(ball_info(), {}, small_v3_settings());
    std::size_t splats = 0;
    for (std::size_t f = 0; f < frames.size(); ++f) {
        CAPTURE(f);
        double last = 0;
        const SplatCloud& cloud = trainer.next(frames[f], [&](double share) {
            CHECK(share > last);
            last = share;
        });
        CHECK(last == doctest::Approx(1));
        CHECK(trainer.began_segment() == (f % 2 == 0));
        CHECK(cloud.count <= 600);
        if (f % 2 > 0) CHECK(cloud.count == splats);
        splats = cloud.count;
        CHECK(psnr(cloud, frames[f]) > 22);
    }
    CHECK(trainer.notes().empty());
}

TEST_CASE("v3: a keyframe that cannot come from the group before begins at the surface" *
          doctest::test_suite("measures")) {
    std::vector<TrainingFrame> frames = moving_ball(2);
    frames.push_back(ball(6, 48, {-0.9f, 0.6f, 0.3f}, 2));
    V3Trainer trainer(ball_info(), {}, small_v3_settings());
    for (const TrainingFrame& frame : frames) trainer.next(frame);
    const std::vector<std::string> notes = trainer.notes();
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].find("from the surface") != std::string::npos);
    TrainingFrame after = ball(6, 48, {-0.86f, 0.61f, 0.3f}, 3);
    CHECK(psnr(trainer.next(after), after) > 21);
}

TEST_CASE("v3: a trainer restored in a group, and at its border, trains the later frames to the same bits") {
    const TrainSettings settings = small_v3_settings();
    const std::vector<TrainingFrame> frames = moving_ball(4);
    std::vector<SplatCloud> clouds;
    std::vector<Bytes> states;
    V3Trainer whole(ball_info(), {}, settings);
    for (const TrainingFrame& frame : frames) {
        clouds.push_back(whole.next(frame));
        states.push_back(whole.save());
    }
    for (std::size_t after = 1; after + 1 < frames.size(); ++after) {
        CAPTURE(after);
        V3Trainer trainer(ball_info(), {}, settings);
        const std::size_t first = after - after % 2;
        trainer.restore(states[after], "state",
                        {.cloud = [&](int f) { return clouds[first + std::size_t(f)]; }, .joints = {}});
        CHECK(trainer.save() == states[after]);
        for (std::size_t f = after + 1; f < frames.size(); ++f)
            REQUIRE(trainer.next(frames[f]).values == clouds[f].values);
    }
    V3Trainer trainer(ball_info(), {}, settings);
    const auto restore = [&](const Bytes& state, const SplatCloud& cloud) {
        trainer.restore(state, "state",
                        {.cloud = [&](int f) { return f == 0 ? clouds[0] : cloud; }, .joints = {}});
    };
    Bytes longer = states[1];
    longer.push_back(0);
    CHECK_THROWS_AS(restore(longer, clouds[1]), InputError);
    CHECK_THROWS_AS(restore(Bytes(states[1].begin(), states[1].end() - 1), clouds[1]), InputError);
    CHECK_THROWS_AS(restore(states[1], SplatCloud(clouds[0].count + 1, 1)), InputError);
}
