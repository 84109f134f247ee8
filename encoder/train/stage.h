// The still surroundings of a take.
#pragma once

#include <functional>

#include "encoder/masks/choose.h"
#include "encoder/train/settings.h"

namespace volumen::train {

enum class StageMode {
    automatic,  ///< where masks are computed: then the surroundings are known
    on,
    off,
};
/// "auto", "on" or "off"; throws UsageError.
StageMode parse_stage_mode(const std::string& name);
const char* name(StageMode mode);

/// Trains splats on the views' backgrounds, as far as these are known, once for the whole take. `views` are
/// those of `masks`, which were computed. `progress`: share done.
SplatCloud train_stage(const Capture& capture, const std::vector<int>& views, const masks::Masks& masks,
                       const TrainSettings& settings, const std::function<void(double)>& progress = {});

}  // namespace volumen::train
