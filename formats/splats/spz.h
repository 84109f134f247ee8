// Niantic's .spz, versions 2 to 4.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "formats/splats/cloud.h"

namespace volumen {

/// A header (magic "NGSP", version, count, SH degree, fractional bits, flags) and then, attribute by
/// attribute: positions (24-bit fixed point), alphas, colours, log-scales (bytes), rotations (version 2: x y
/// z as bytes; later: the smallest three components in 10 bits each), SH (bytes). Versions 2 and 3 are one
/// gzip stream, their header has 16 bytes. Version 4 has 32 bytes of header, extensions, a table of sizes,
/// and each attribute as zstd.
///
/// The file's axes are right, up, back. They are turned to right, down, forward, which is what splat PLYs
/// have where .spz files are made from them: both files of one scan give the same cloud.
///
/// Throws InputError on damage, on other versions, axes and SH degrees above 3, each by name, and on counts
/// that the bytes cannot hold; `name` is the file's. Extensions that do not change the axes are skipped.
SplatCloud parse_spz(std::span<const std::uint8_t> bytes, const std::string& name);

/// Writes version 3, which every reader of .spz knows, under a temporary name, then renames. Values are
/// rounded to what the format holds: positions to 2⁻¹² of a unit or 2⁻¹⁶ of the largest, whichever is finer
/// (at most 2⁻²⁴), and coarser only where 24 bits do not reach; log-scales to 1/16 in [-10, 5.9]; base
/// colours to 1/38 in
/// [-3.3, 3.3]; the other SH to 1/128 in [-1, 1). Throws InputError on positions beyond 2²² units.
void write_spz(const std::filesystem::path& file, const SplatCloud& cloud);

}  // namespace volumen
