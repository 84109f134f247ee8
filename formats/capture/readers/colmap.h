// COLMAP's sparse model: three tables, each binary or text.
//
//   cameras   lenses: model, size, parameters        images   poses: a lens and an image's name each
//   points3D  coloured points, where training starts
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "formats/capture/rig.h"

namespace volumen {

struct ColmapCamera {
    Camera intrinsics;  ///< pose not set
    Distortion distortion;
};
using ColmapCameras = std::map<std::uint32_t, ColmapCamera>;  ///< by COLMAP's camera id

struct ColmapImage {
    std::string name;   ///< a path relative to the folder of images
    std::string place;  ///< "images.bin: image 7 (cam04.png)", for messages
    std::uint32_t camera_id = 0;
    Camera pose;  ///< rotation and translation only
};

enum class ColmapForm { binary, text };

/// Each reads one table; `file` names the bytes. All throw InputError: file, entry, what is wrong. Lens
/// models other than those of find_lens_model are refused by name.
ColmapCameras parse_colmap_cameras(std::span<const std::uint8_t> bytes, ColmapForm form,
                                   const std::string& file);
std::vector<ColmapImage> parse_colmap_images(std::span<const std::uint8_t> bytes, ColmapForm form,
                                             const std::string& file);
PointCloud parse_colmap_points(std::span<const std::uint8_t> bytes, ColmapForm form, const std::string& file);

/// One view an image, sorted by name (numbers in it by value), so that views have the same index whatever
/// order COLMAP registered them in. Throws InputError for an image without its camera, and for two of one
/// name.
std::vector<RigView> colmap_views(const ColmapCameras& cameras, const std::vector<ColmapImage>& images);

/// Whether a comes before b: "cam2.png" before "cam10.png".
bool natural_less(const std::string& a, const std::string& b);

}  // namespace volumen
