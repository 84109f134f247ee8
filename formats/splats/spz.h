// Niantic's .spz, versions 2 and 3.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "formats/splats/cloud.h"

namespace volumen {

/// A gzip stream of a 16-byte header (magic "NGSP", version, count, SH degree, fractional bits, flags) and
/// then, attribute by attribute: positions (24-bit fixed point), alphas, colours, log-scales (bytes),
/// rotations (version 2: x y z as bytes; version 3: the smallest three components in 10 bits each), SH
/// (bytes).
///
/// The file's axes are right, up, back. They are turned to right, down, forward, which is what splat PLYs
/// have where .spz files are made from them: both files of one scan give the same cloud.
///
/// Throws InputError on damage, on other versions, extensions and SH degrees above 3, each by name, and on
/// counts that the bytes cannot hold; `name` is the file's.
SplatCloud parse_spz(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace volumen
