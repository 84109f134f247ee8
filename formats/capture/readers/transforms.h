// transforms.json in the keys of instant-ngp and nerfstudio: what it says, checked, before any image is
// looked at.
#pragma once

#include <cstdint>
#include <span>

#include "formats/capture/rig.h"

namespace volumen {

/// kMaxViews views at a hundred frames each, listed one by one, fit in this.
inline constexpr std::uint64_t kMaxJsonBytes = 64u << 20;

/// The views are the entries of "frames", in order, with the paths that they name; nothing else of the disk
/// is looked at. nerfstudio's applied_transform and instant-ngp's scale and offset say what was, or will be,
/// done to poses and points alike: they change nothing here. `file` names the bytes; its folder is the
/// capture's. Throws InputError: file, entry, key. With `problems`, entries at fault are left out and told there
/// instead.
Rig parse_transforms(std::span<const std::uint8_t> bytes, const std::filesystem::path& file,
                     std::vector<std::string>* problems = nullptr);

/// The frame rate that a decimal number means: 29.97 is 30000/1001.
FrameRate exact_frame_rate(double fps);

}  // namespace volumen
