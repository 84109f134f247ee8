// Where every bone is at a moment of the dance.
#pragma once

#include <glm/glm.hpp>
#include <vector>

#include "assets/demo/recipe.h"

namespace volumen::demo {

/// Bone to world: p -> rotation * p + origin. Limb bones point along their -z.
struct BoneFrame {
    glm::mat3 rotation{1};
    glm::vec3 origin{0};
    glm::vec3 operator()(glm::vec3 p) const { return rotation * p + origin; }
};

/// The pose at `seconds`, one frame a bone. Periodic in the recipe's loop.
std::vector<BoneFrame> pose_at(const Recipe& recipe, float seconds);

}  // namespace volumen::demo
