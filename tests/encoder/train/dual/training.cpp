// Profile dualgs on a small generated take: what it leaves behind, and that it can be interrupted anywhere.
#include <doctest/doctest.h>

#include "encoder/train/dual/steady.h"
#include "encoder/train/quaternion.h"
#include "formats/core/error.h"
#include "tests/encoder/train/dual/small_take.h"

using namespace volumen;
using namespace volumen::train;

namespace {

float farthest(const SplatCloud& a, const SplatCloud& b, int channel, int count) {
    float most = 0;
    for (int c = channel; c < channel + count; ++c)
        for (std::size_t i = 0; i < a.count; ++i)
            most = std::max(most, std::abs(a.channel(c)[i] - b.channel(c)[i]));
    return most;
}

}  // namespace

TEST_CASE("skin follows its joints, and looks are mostly those of the frame before" *
          doctest::test_suite("measures")) {
    const TrainSettings settings = small_dual_settings();
    const std::vector<TrainingFrame> frames = moving_ball(5, 0.04f);
    DualTrainer trainer(ball_info(), {}, settings);
    KeptTake kept;
    train_on(trainer, frames, kept, [](const KeptTake&) {});
    REQUIRE(kept.clouds.size() == 5);
    for (std::size_t f = 0; f < 5; ++f) {
        CAPTURE(f);
        const std::size_t first = f < 3 ? 0 : 3;
        const SplatCloud &cloud = kept.clouds[f], &joints = kept.joints[f];
        CHECK(psnr(cloud, frames[f]) > 22);
        CHECK(cloud.count == kept.clouds[first].count);
        CHECK(joints.count == kept.joints[first].count);
        CHECK(joints.sh_degree == 0);
        // As a reader of the model sees it.
        std::vector<JointMotion> motion(joints.count);
        for (std::size_t k = 0; k < joints.count; ++k) {
            const Quaternion now = rotation(joints, k), then = rotation(kept.joints[first], k);
            CHECK(glm::dot(now, now) == doctest::Approx(1));
            motion[k] = {position(kept.joints[first], k), position(joints, k),
                         multiply(now, conjugate(then))};
        }
        const std::vector<glm::vec3> splats = positions(kept.clouds[first]),
                                     nodes = positions(kept.joints[first]);
        SplatCloud posed = cloud;
        pose_skin(kept.clouds[first],
                  anchor(std::vector<glm::dvec3>(splats.begin(), splats.end()),
                         std::vector<glm::dvec3>(nodes.begin(), nodes.end())),
                  motion, posed);
        CHECK(farthest(posed, cloud, SplatCloud::kPosition, 3) < 1e-5f);
        CHECK(farthest(posed, cloud, SplatCloud::kRotation, 4) < 1e-5f);
        if (f == first) continue;
        for (const Attribute& attribute : looks(cloud.sh_degree)) {
            CAPTURE(attribute.channel);
            CHECK(changed(cloud, kept.clouds[f - 1], attribute) < cloud.count / 5);
        }
    }
}

TEST_CASE("a take of joints and skin restored after any frame or pass ends in the same bits") {
    const TrainSettings settings = small_dual_settings();
    const std::vector<TrainingFrame> frames = moving_ball(5, 0.04f);
    std::vector<KeptTake> steps;
    DualTrainer whole(ball_info(), {}, settings);
    KeptTake kept;
    train_on(whole, frames, kept, [&](const KeptTake& step) { steps.push_back(step); });
    // Frames; of two segments two passes and the rewritten frames; of the first a pass before that.
    CHECK(steps.size() == 5 + 2 * 3 + 2);
    for (std::size_t s = 0; s < steps.size(); ++s) {
        CAPTURE(s);
        KeptTake again = steps[s];
        DualTrainer trainer(ball_info(), {}, settings);
        trainer.restore(again.state, "state", again.segment());
        CHECK(trainer.save() == steps[s].state);
        std::size_t at = s;
        bool same = true;
        train_on(trainer, frames, again,
                 [&](const KeptTake& step) { same = same && step.state == steps[++at].state; });
        CHECK(same);
        CHECK(at + 1 == steps.size());
        for (std::size_t f = 0; f < frames.size(); ++f) {
            CHECK(again.clouds[f].values == kept.clouds[f].values);
            CHECK(again.joints[f].values == kept.joints[f].values);
        }
    }
    const auto restore = [&](const KeptTake& step, const Bytes& state) {
        DualTrainer trainer(ball_info(), {}, settings);
        trainer.restore(state, "state", step.segment());
    };
    for (std::size_t s = 0; s < steps.size(); ++s) {
        Bytes state = steps[s].state;
        state.push_back(0);
        CHECK_THROWS_AS(restore(steps[s], state), InputError);
        state.resize(state.size() - 2);
        CHECK_THROWS_AS(restore(steps[s], state), InputError);
    }
    KeptTake wrong = steps[1];
    wrong.joints[1] = SplatCloud(wrong.joints[0].count + 1, 0);
    CHECK_THROWS_AS(restore(wrong, wrong.state), InputError);
}

TEST_CASE("what moves too far for the usual search is searched again, told, and found" *
          doctest::test_suite("measures")) {
    TrainSettings settings = small_dual_settings();
    settings.segment_frames = 10;
    settings.dual.early_every = 0;
    std::vector<TrainingFrame> frames = moving_ball(5, 0.02f);
    frames.push_back(ball(6, 48, {0.7f, 0.02f, 0}, 5));  // more than its radius further
    DualTrainer trainer(ball_info(), {}, settings);
    for (std::size_t f = 0; f + 1 < frames.size(); ++f) trainer.next(frames[f]);
    CHECK(trainer.notes().empty());
    CHECK(trainer.summary().empty());
    const SplatCloud& last = trainer.next(frames.back());
    CHECK(trainer.notes().size() == 1);
    CHECK(trainer.notes().empty());
    CHECK(trainer.summary().find("in 1 of 6 frames") == 0);
    CHECK(psnr(last, frames.back()) > 20);
}
