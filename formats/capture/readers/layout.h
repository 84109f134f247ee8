// Which layout a capture has, and its rig.
#pragma once

#include "formats/capture/rig.h"

namespace volumen {

/// `path` is a capture's folder or its calibration. Recognised, in this order, by what a folder holds:
///   transforms.json                       nerfstudio, instant-ngp, HiFi4G, DualGS
///   cameras and images, .bin or .txt, in sparse/0, sparse, colmap/sparse/0, colmap/sparse, colmap, or itself
///   poses_bounds.npy                      LLFF, N3DV: with cam*.mp4, or images
///   <frame>/transforms.json               V³: one a frame
/// The images are found, not opened. Throws InputError; for a folder that is none of these, with the list.
/// With `problems`, an entry of transforms.json that is at fault is left out and told there instead.
Rig read_rig(const std::filesystem::path& path, std::vector<std::string>* problems = nullptr);

}  // namespace volumen
