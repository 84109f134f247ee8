// A take small enough to be trained in a test, and a trainer's run over it.
#pragma once

#include <random>

#include "encoder/train/dual/dual_trainer.h"
#include "tests/encoder/train/ball.h"

namespace volumen::train {

inline TrainSettings small_dual_settings() {
    TrainSettings settings = small_settings();
    settings.profile = Profile::dualgs;
    settings.segment_frames = 3;
    settings.refresh_iterations = 60;
    DualSettings& dual = settings.dual;
    dual.joints = 60;
    dual.joint_first_iterations = 120;
    dual.joint_iterations = 15;
    dual.skin_iterations = 50;
    dual.refine_passes = 2, dual.refine_rounds = 6;
    dual.early_every = 2, dual.early_rounds = 6;
    return settings;
}

inline TakeInfo ball_info() {
    TakeInfo info;
    info.bounds_min = glm::vec3(-1.5f), info.bounds_max = glm::vec3(1.5f);
    return info;
}

inline std::vector<TrainingFrame> moving_ball(int frames, float step) {
    std::vector<TrainingFrame> out;
    for (int f = 0; f < frames; ++f)
        out.push_back(ball(6, 48, {step * float(f), 0.3f * step * float(f), 0}, f));
    return out;
}

/// The frames of a segment, kept.
class KeptViews : public SegmentViews {
  public:
    explicit KeptViews(std::span<const TrainingFrame> frames) : frames_(frames) {}
    void prepare(int) override {}
    int frames() const override { return int(frames_.size()); }
    std::size_t count(int frame) const override { return frames_[std::size_t(frame)].views.size(); }
    TrainingView view(int frame, std::size_t index) const override {
        return frames_[std::size_t(frame)].views[index];
    }

  private:
    std::span<const TrainingFrame> frames_;
};

/// What a trainer leaves on the disk, as train_capture keeps it.
struct KeptTake {
    std::vector<SplatCloud> clouds, joints;
    int segment_first = 0;
    Bytes state;

    SegmentFrames segment() const {
        return {.cloud = [this](int f) { return clouds[std::size_t(segment_first + f)]; },
                .joints = [this](int f) { return joints[std::size_t(segment_first + f)]; }};
    }
};

/// Goes on with what is `kept` to the end of the take; `step` is called whenever the state was kept.
inline void train_on(Trainer& trainer, std::span<const TrainingFrame> frames, KeptTake& kept,
                     const std::function<void(const KeptTake&)>& step) {
    const auto keep = [&] {
        kept.state = trainer.save();
        step(kept);
    };
    const auto refine = [&] {
        const std::size_t done = kept.clouds.size(), first = std::size_t(kept.segment_first);
        if (done == 0) return;
        KeptViews views(frames.subspan(first, done - first));
        const bool at_end = done == frames.size();
        while (trainer.passes_left(at_end) > 0) {
            trainer.refine(views, at_end);
            keep();
        }
        if (!trainer.unsettled()) return;
        for (std::size_t f = 0; f < done - first; ++f) {
            kept.clouds[first + f] = trainer.refined(int(f));
            kept.joints[first + f] = trainer.refined_joints(int(f));
        }
        trainer.settle();
        keep();
    };
    refine();
    while (kept.clouds.size() < frames.size()) {
        kept.clouds.push_back(trainer.next(frames[kept.clouds.size()]));
        if (trainer.joints()) kept.joints.push_back(*trainer.joints());
        if (trainer.began_segment()) kept.segment_first = int(kept.clouds.size()) - 1;
        keep();
        refine();
    }
}

}  // namespace volumen::train
