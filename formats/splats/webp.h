// WebP images that hold numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "formats/core/image.h"

namespace volumen {

/// The RGBA bytes of a still, lossless WebP as they were stored; alpha is 255 where the file has none. Throws
/// InputError on anything else, and on more pixels than `max_pixels` before allocating; `name` is the file's.
Image8 decode_lossless_webp(std::span<const std::uint8_t> bytes, std::uint64_t max_pixels,
                            const std::string& name);

}  // namespace volumen
