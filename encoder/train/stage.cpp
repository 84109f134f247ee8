#include "encoder/train/stage.h"

#include <algorithm>

#include "encoder/train/stage_seeds.h"
#include "encoder/train/take_trainer.h"
#include "formats/core/error.h"

namespace volumen::train {
namespace {

constexpr const char* kNames[] = {"auto", "on", "off"};

TrainingView view_of(const masks::Background& background, const Camera& camera, int view) {
    TrainingView out;
    out.view = view, out.camera = camera;
    out.colour = PlanarImage(background.width, background.height);
    out.weight.resize(background.area());
    for (std::size_t i = 0; i < background.area(); ++i) {
        out.weight[i] = background.known[i] == masks::Known::known ? 1.0f : 0.0f;
        for (int c = 0; c < 3; ++c)
            out.colour.plane(c)[i] = std::clamp(background.colour[3 * i + std::size_t(c)] / 255, 0.0f, 1.0f);
    }
    return out;
}

}  // namespace

StageMode parse_stage_mode(const std::string& text) {
    for (const StageMode mode : {StageMode::automatic, StageMode::on, StageMode::off})
        if (text == name(mode)) return mode;
    throw UsageError("--stage {}: there are auto, on and off", text);
}

const char* name(StageMode mode) {
    return kNames[std::size_t(mode)];
}

SplatCloud train_stage(const Capture& capture, const std::vector<int>& views, const masks::Masks& masks,
                       const TrainSettings& settings, const std::function<void(double)>& progress) {
    TrainSettings own = settings;
    own.profile = Profile::automatic;  // it stands still
    own.splats = settings.stage_splats;
    own.first_iterations *= 2;  // once for the whole take
    TrainingFrame frame;
    for (std::size_t v = 0; v < views.size(); ++v)
        frame.views.push_back(
            view_of((*masks.backgrounds())[v], capture.views()[std::size_t(views[v])].camera, views[v]));
    TakeInfo info = capture.info(views);
    info.background = glm::vec3(0);
    const glm::vec3 centre = 0.5f * (info.bounds_min + info.bounds_max);
    std::mt19937_64 random(settings.seed);
    const PointCloud seeds = stage_seeds(frame, centre, std::size_t(own.splats), random);
    TakeTrainer trainer(info, seeds, own);
    return without_obstacles(trainer.next(frame, progress), frame, centre);
}

}  // namespace volumen::train
