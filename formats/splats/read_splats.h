// Splat files of any kind that people have: one cloud a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "formats/splats/cloud.h"

namespace volumen {

struct SplatFile {
    SplatCloud cloud;
    std::size_t unusable = 0;  ///< splats left out: NaN, infinite or absurd values, a rotation of length zero
};

/// Reads a 3DGS PLY, a Niantic .spz, an antimatter15 .splat or a SOG bundle; which one it is its first bytes
/// say, and the extension for .splat, which has no signature. A SOG of single files is named by its folder,
/// or the JSON file in it. Splats that nobody can draw are left out and counted. Throws InputError on damage
/// and, by name, on kinds that this build does not read.
SplatFile read_splats(const std::filesystem::path& file);

/// The same from bytes; `name` is the file's, for errors and its extension.
SplatFile parse_splats(std::span<const std::uint8_t> bytes, const std::string& name);

/// ".ply" of "A.PLY".
std::string lower_extension(const std::filesystem::path& file);

/// Whether the name ends in .ply, .spz, .splat or .sog, in any case.
bool has_splat_extension(const std::filesystem::path& file);

/// Whether read_splats() takes the path: has_splat_extension(), or is_sog_folder().
bool is_splats(const std::filesystem::path& path);

/// Leaves out what cannot be drawn; returns how many that were. Opacity logits of ±infinity (alpha 1 or 0)
/// and log-scales of -infinity (flat splats) are what some programs write: they become finite.
std::size_t remove_unusable(SplatCloud& cloud);

}  // namespace volumen
