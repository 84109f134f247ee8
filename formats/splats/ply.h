// The 3DGS PLY: one cloud a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "formats/splats/cloud.h"

namespace volumen {

/// Reads a 3DGS PLY (binary little-endian, big-endian or ascii; properties in any order, unknown ones
/// skipped; normals and f_rest optional, SH degree from the number of f_rest). f_rest is channel-major in the
/// file. Throws InputError on anything else, on NaN or Inf, on compressed PLYs by name, and on counts above
/// kMaxSplats or beyond the file's end.
SplatCloud read_ply(const std::filesystem::path& file);

/// What becomes of NaN, Inf and rotations of length zero.
enum class NotFinite { refuse, keep };
/// The same from bytes; `name` is the file's, for errors.
SplatCloud parse_ply(std::span<const std::uint8_t> bytes, const std::string& name, NotFinite not_finite);

/// Writes the reference trainer's layout (binary little-endian, with zero normals) under a temporary name,
/// then renames.
void write_ply(const std::filesystem::path& file, const SplatCloud& cloud);

/// Points with colours (COLMAP / points3d.ply): x y z and, where present, red green blue.
struct PointCloud {
    std::vector<float> positions;  ///< 3 per point
    std::vector<float> colours;    ///< 3 per point in [0, 1]; empty when the file has none
    std::size_t count() const { return positions.size() / 3; }
};
PointCloud read_points_ply(const std::filesystem::path& file);

}  // namespace volumen
