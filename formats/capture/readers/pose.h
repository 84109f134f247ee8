// Poses and intrinsics as calibrations state them, checked.
#pragma once

#include <string>

#include "formats/core/camera.h"

namespace volumen {

/// Focal lengths and principal points in units of the image's size: telescopes pass, nonsense does not.
inline constexpr double kMaxRelativeFocal = 1000, kMaxRelativePrincipal = 10;
/// No lens has coefficients beyond this on normalised coordinates.
inline constexpr double kMaxDistortion = 100;
/// Scene units from the origin: beyond it, floats are coarser than what cameras resolve.
inline constexpr double kMaxPosition = 1e6;

/// Sets the camera's rotation and translation. The columns of `axes` are where its right, down and forward
/// point in the world, `centre` is its place there. Rounded rotations are made exact. Throws InputError
/// "{what} …" for NaN, infinity, lengths that are not one, angles that are not right, mirrored axes.
void set_pose(Camera& camera, glm::dmat3 axes, glm::dvec3 centre, const std::string& what);

}  // namespace volumen
