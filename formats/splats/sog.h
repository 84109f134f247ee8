// PlayCanvas' SOG, versions 1 and 2: splats as lossless WebP images, in a ZIP archive or a folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen {

/// A SOG's files by their names in it: the bytes of one, or an InputError, also for more than `max_bytes`.
using SogFiles = std::function<std::vector<std::uint8_t>(const std::string& file, std::uint64_t max_bytes)>;

/// meta.json, and the images that it names. Pixel i of each, row by row, is splat i:
///
///   means_l, means_u      low and high bytes of x y z, linear from mins to maxs of sign(v) ln(1 + |v|)
///   quats                 alpha - 252: which of w x y z is the largest; red, green, blue: the others in that
///                         order, linear from -1/√2 to 1/√2
///   scales                log-scales, by the codebook
///   sh0                   red, green, blue: the base colour, by the codebook; alpha: opacity in [0, 1]
///   shN_labels            red + 256 green: which entry of the palette has the rest of its SH
///   shN_centroids         the palette, 64 entries a row; an entry's pixels are its coefficients, red, green
///                         and blue by the codebook
///
/// Version 1, which has no number, has mins and maxs instead of codebooks, and the opacity's logit. Axes as
/// in the PLY that it was made from.
///
/// Rotations of no known kind come out zero: see remove_unusable(). Throws InputError on damage, on other
/// versions, and on counts and indices that the images do not hold; `name` is the file's.
SplatCloud parse_sog(const SogFiles& files, const std::string& name);

/// A bundle: a ZIP archive with these files.
SplatCloud parse_sog_bundle(std::span<const std::uint8_t> bytes, const std::string& name);

/// Whether the path is a SOG of single files: its meta.json, the lod-meta.json of a streamed one, or the
/// folder with either.
bool is_sog_folder(const std::filesystem::path& path);

/// Reads one; of a streamed one the finest level, with its environment. Files that a lod-meta.json names lie
/// below its folder.
SplatCloud read_sog_folder(const std::filesystem::path& path);

}  // namespace volumen
