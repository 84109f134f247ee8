// Where the first frame's splats come from.
#pragma once

#include <random>

#include "encoder/train/settings.h"
#include "encoder/train/training_frame.h"

namespace volumen::train {

/// Start of a take: the capture's points if it has any, else the visual hull of the masks (with
/// settings.mesh_start that before points, meshed and evenly sampled), else random places
/// in view of the cameras, coloured by what one camera sees there. At most `settings.splats` splats, fewer
/// where densification shall fill up. Throws InputError when the masks share nothing.
SplatCloud initial_cloud(const TrainingFrame& frame, const TakeInfo& info,
                         const std::optional<PointCloud>& points, const TrainSettings& settings,
                         std::mt19937_64& random);

}  // namespace volumen::train
