// The .splat of antimatter15's viewer: 32 bytes a splat, no header, no SH beyond the base colour.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "formats/splats/cloud.h"

namespace volumen {

/// Little-endian: position x y z and scales x y z (not their logarithms) as f32; red, green, blue, alpha as
/// bytes of [0, 1]; rotation w x y z as bytes, (byte - 128) / 128. Axes as in the PLY it was made from.
/// Scales and rotations may come out unusable: see remove_unusable(). Throws InputError when the size is no
/// multiple of 32 or too large; `name` is the file's.
SplatCloud parse_splat(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace volumen
