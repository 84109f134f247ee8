// Where the stage's splats start.
#pragma once

#include <random>

#include "encoder/train/training_frame.h"
#include "formats/splats/ply.h"

namespace volumen::train {

/// Points on the surroundings: random pixels of random views, each at the depth (behind `centre`, up to ten
/// times as far) at which the other views show the most similar colours (plane sweep). Pixels of weight 0 are
/// not looked at.
PointCloud stage_seeds(const TrainingFrame& frame, glm::vec3 centre, std::size_t count,
                       std::mt19937_64& random);

/// Without the splats that stand between a camera and a performer around `centre`: where a view never saw
/// its background, the performer was always in front, so nothing else can be.
SplatCloud without_obstacles(const SplatCloud& cloud, const TrainingFrame& frame, glm::vec3 centre);

}  // namespace volumen::train
