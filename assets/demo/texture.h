// Procedural surfaces.
#pragma once

#include <glm/glm.hpp>

#include "assets/demo/field.h"
#include "assets/demo/recipe.h"

namespace volumen::demo {

/// Linear colour of the shape's surface at the world point `p`.
glm::vec3 surface_colour(const Primitive& shape, const Material& material, glm::vec3 p);

}  // namespace volumen::demo
