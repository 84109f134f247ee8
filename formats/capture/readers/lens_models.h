// Lens models by the names that COLMAP gave them, which other files use too.
#pragma once

#include <string_view>
#include <vector>

namespace volumen {

enum class LensParameter { f, fx, fy, cx, cy, k1, k2, k3, k4, k5, k6, p1, p2 };

struct LensModel {
    std::string_view name;
    int colmap_id;                          ///< in COLMAP's binary files
    std::vector<LensParameter> parameters;  ///< in COLMAP's order; empty: not supported
    bool fisheye = false;                   ///< see Distortion
    bool rational = false;                  ///< k4 to k6 divide

    bool supported() const { return !parameters.empty(); }
};

/// Null for a name or number that is none of COLMAP's.
const LensModel* find_lens_model(std::string_view name);
const LensModel* find_lens_model(int colmap_id);

/// What to say of one that is not supported.
inline constexpr const char* kSupportedLenses =
    "is not supported: undistort the images, or calibrate as SIMPLE_PINHOLE, PINHOLE, SIMPLE_RADIAL, RADIAL, "
    "OPENCV, FULL_OPENCV or OPENCV_FISHEYE";

}  // namespace volumen
