// LLFF's poses_bounds.npy, as light-field captures and N3DV have it.
#pragma once

#include "formats/capture/readers/npy.h"
#include "formats/capture/rig.h"

namespace volumen {

/// One view for each row of `poses` (N × 17) and name of `images` (as many, in the rows' order, which is that
/// of the sorted file names). A row is a 3 × 5 matrix by rows, then the nearest and farthest depth: columns 0
/// to 2 are where the camera's down, right and backward point in the world, column 3 is its place, column 4
/// height, width and focal length in pixels; the principal point is the middle. Throws InputError: file, row,
/// what.
std::vector<RigView> llff_views(const NpyArray& poses, const std::vector<std::string>& images,
                                const std::string& file);

}  // namespace volumen
