// Which splats make a pixel, found on the processor: asked now and then, so that drawing keeps no record of
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "formats/core/camera.h"
#include "formats/splats/cloud.h"
#include "shaders/renderer.h"

namespace volumen {

/// A splat on the image, by the same formulas as project.comp.
struct Ellipse {
    glm::dvec2 mean{0};             ///< pixels
    double xx = 0, xy = 0, yy = 0;  ///< covariance, pixels², dilated
    double key = 0;                 ///< depth or distance, as splats are ordered, units
    double opacity = 0;

    /// Of a point of the image, pixels.
    double alpha(glm::dvec2 point) const;
};
/// Nothing where it is too near or too faint to be drawn.
std::optional<Ellipse> project_splat(const SplatCloud& cloud, std::size_t splat, const Camera& camera,
                                     const RenderSettings& settings);

/// A splat that a pixel shows.
struct Hit {
    std::uint32_t splat = 0;
    double key = 0;
    double alpha = 0;
    double share = 0;  ///< of the pixel: alpha times what the splats in front let through
};
/// The splats that show at a point of the image, front to back, in the order of Order::depth or ::distance.
std::vector<Hit> splats_at(const SplatCloud& cloud, const Camera& camera, const RenderSettings& settings,
                           glm::dvec2 point);

/// The splats whose centres are nearest to one's, the nearest first; at most `count`.
std::vector<std::uint32_t> neighbours_of(const SplatCloud& cloud, std::size_t splat, std::size_t count);

}  // namespace volumen
