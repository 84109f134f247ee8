// A folder of splat files, one a frame.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace volumen {

/// Whether `a` stands before `b` where numbers count as numbers: frame_2 before frame_10.
bool natural_less(std::string_view a, std::string_view b);

/// The splat files (.ply, .spz, .splat or .sog) of a folder, in natural order of their names. Throws
/// InputError when there is none, and when there are files of several kinds.
std::vector<std::filesystem::path> list_frame_files(const std::filesystem::path& folder);

}  // namespace volumen
