// The visual hull of a frame's masks.
#pragma once

#include <vector>

#include "encoder/train/training_frame.h"
#include "formats/splats/cloud.h"

namespace volumen::train {

struct HullPoint {
    glm::vec3 position, normal, colour;
};

/// Points on the surface of the visual hull: one a surface voxel, about `resolution` voxels along its longest
/// side. `centre` and `radius` say where to look. A voxel belongs to the hull when every view that sees it
/// has it in its mask, and at least half of them (and two) see it. Colours are means over the views that face
/// the surface. Empty where nothing remains.
std::vector<HullPoint> visual_hull(const TrainingFrame& frame, glm::vec3 centre, float radius,
                                   int resolution);

/// The mean colour at a place of a surface over the views that face it, the more the straighter; grey where
/// none shows it.
glm::vec3 seen_colour(const TrainingFrame& frame, glm::vec3 position, glm::vec3 normal);

/// Whether some view that sees the place of a splat's centre shows nothing within `slack` (world units) of
/// it in its mask, one a splat. No splat is outside where there are no masks.
std::vector<char> outside_hull(const TrainingFrame& frame, const SplatCloud& cloud, float slack);

}  // namespace volumen::train
