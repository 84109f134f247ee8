// Pictures of the performer, with exact coverage.
#pragma once

#include "assets/demo/field.h"
#include "assets/demo/recipe.h"
#include "formats/core/camera.h"
#include "formats/core/image.h"

namespace volumen::demo {

/// The rig's cameras for `views` square images of side `size`, from the front on, counter-clockwise seen from
/// above.
std::vector<Camera> rig_cameras(const Rig& rig, int views, int size);

/// Samples along each side of a pixel on the outline.
inline constexpr int kPixelSamples = 4;

/// RGBA, straight alpha = share of the pixel's kPixelSamples² samples that hit the performer (255 inside, 0
/// outside); the colour is the mean over those that do, black where there are none.
Image8 render(const Recipe& recipe, const Field& field, const Camera& camera);

}  // namespace volumen::demo
