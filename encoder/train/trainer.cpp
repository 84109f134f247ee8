#include "encoder/train/trainer.h"

#include "encoder/train/dual/dual_trainer.h"
#include "encoder/train/take_trainer.h"
#include "encoder/train/v3/v3_trainer.h"

namespace volumen::train {

std::unique_ptr<Trainer> make_trainer(const TakeInfo& info, const std::optional<PointCloud>& points,
                                      const TrainSettings& settings) {
    if (settings.profile == Profile::dualgs) return std::make_unique<DualTrainer>(info, points, settings);
    if (settings.profile == Profile::v3) return std::make_unique<V3Trainer>(info, points, settings);
    return std::make_unique<TakeTrainer>(info, points, settings);
}

}  // namespace volumen::train
