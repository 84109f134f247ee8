// What can be seen of a capture at once: its rig, its masks against the hull, who sees which part.
#pragma once

#include <string>

#include "encoder/calibrate/vote_hull.h"
#include "encoder/check/check.h"

namespace volumen {

/// The rig from the side or from above, as SVG: frusta with the views' numbers, the subject's points, the
/// bounds. Views with a finding that is wrong or doubtful are marked.
std::string rig_svg(const CheckResult& result, bool from_above);

/// The subject's surface from four sides, coloured by how many views see it.
std::string coverage_svg(const CheckResult& result);

/// The image with the subject dimmed in green where mask and hull agree, red where only the mask has it, blue
/// where only the hull does. `silhouette`: as large as `rgb`.
Image8 mask_picture(const Image8& rgb, const Image8& alpha, const std::vector<std::uint8_t>& silhouette);

/// The image with dots where the points fall.
Image8 point_picture(const Image8& rgb, const Camera& camera, const std::vector<SurfacePoint>& points);

}  // namespace volumen
