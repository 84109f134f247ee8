// Training on small generated captures.
#include <doctest/doctest.h>

#include <cmath>

#include "encoder/train/hull.h"
#include "encoder/train/quaternion.h"
#include "encoder/train/take_trainer.h"
#include "tests/encoder/train/ball.h"

using namespace volumen;
using namespace volumen::train;

TEST_CASE("the visual hull of a ball lies on the ball") {
    const TrainingFrame frame = ball(12, 96, {0.1f, 0, 0});
    const std::vector<HullPoint> hull = visual_hull(frame, glm::vec3(0), 2, 64);
    REQUIRE(hull.size() > 500);
    double mean = 0;
    for (const HullPoint& p : hull) {
        const glm::vec3 out = p.position - glm::vec3(0.1f, 0, 0);
        mean += glm::length(out) / double(hull.size());
        CHECK(glm::length(out) > 0.44f);
        CHECK(glm::length(out) < 0.65f);
    }
    CHECK(mean == doctest::Approx(0.51).epsilon(0.05));
    CHECK(visual_hull(ball(12, 96, glm::vec3(0), 0, false), glm::vec3(0), 2, 64).empty());
}

TEST_CASE("half_size keeps means and halves the camera") {
    const TrainingFrame frame = ball(2, 65, glm::vec3(0)), half = half_size(frame);
    CHECK(half.views[0].camera.width == 32);
    const glm::vec3 p = frame.views[0].camera.to_camera({0.2f, 0.1f, 0.3f});
    const auto x = [&](const Camera& camera) { return camera.fx * p.x / p.z + camera.cx; };
    CHECK(x(half.views[0].camera) == doctest::Approx(0.5f * x(frame.views[0].camera)));
    CHECK(half.views[0].alpha[0] == 0);
    CHECK(half.views[0].alpha[16 * 32 + 16] == 1);
}

TEST_CASE("a moving ball is learnt and followed, with one topology, and twice the same") {
    const std::vector<TrainingFrame> frames{ball(8, 64, glm::vec3(0)), ball(8, 64, {0.05f, 0, 0}, 1),
                                            ball(8, 64, {0.1f, 0.02f, 0}, 2)};
    TakeInfo info;
    info.bounds_min = glm::vec3(-1.5f), info.bounds_max = glm::vec3(1.5f);
    std::vector<std::vector<float>> first_run;
    for (int run = 0; run < 2; ++run) {
        TakeTrainer trainer(info, {}, small_settings());
        SplatCloud before;
        for (std::size_t f = 0; f < frames.size(); ++f) {
            double last = 0;
            const SplatCloud& cloud = trainer.next(frames[f], [&](double share) {
                CHECK(share > last);
                last = share;
            });
            CHECK(last == doctest::Approx(1));
            CHECK(trainer.began_segment() == (f == 0));
            CHECK(cloud.count <= 600);
            if (run == 0) {
                CHECK(psnr(cloud, frames[f]) > (f == 0 ? 24 : 22));
                first_run.push_back(cloud.values);
            } else {
                CHECK(cloud.values == first_run[f]);
            }
            if (f > 0) {
                CHECK(cloud.count == before.count);
                glm::vec3 moved(0);
                for (std::size_t i = 0; i < cloud.count; ++i)
                    moved += (position(cloud, i) - position(before, i)) / float(cloud.count);
                CHECK(moved.x == doctest::Approx(0.05).epsilon(0.25));
            }
            before = cloud;
        }
    }
}

TEST_CASE("a new segment starts after segment_frames, with a topology of its own") {
    TrainSettings settings = small_settings();
    settings.segment_frames = 2;
    settings.refresh_iterations = 120;
    TakeInfo info;
    info.bounds_min = glm::vec3(-1.5f), info.bounds_max = glm::vec3(1.5f);
    TakeTrainer trainer(info, {}, settings);
    std::vector<bool> began;
    for (int f = 0; f < 4; ++f) {
        trainer.next(ball(6, 48, {0.02f * float(f), 0, 0}, f));
        began.push_back(trainer.began_segment());
    }
    CHECK(began == std::vector<bool>{true, false, true, false});
}

TEST_CASE("captures without masks start from random places in view") {
    TrainSettings settings = small_settings();
    TakeInfo info;
    info.bounds_min = glm::vec3(-1), info.bounds_max = glm::vec3(1), info.background = glm::vec3(0);
    TakeTrainer trainer(info, {}, settings);
    const TrainingFrame frame = ball(6, 48, glm::vec3(0), 0, false);
    const SplatCloud& cloud = trainer.next(frame);
    for (const float v : cloud.values) REQUIRE(std::isfinite(v));
    CHECK(cloud.count > 100);
}
