// Still images, read and written through FFmpeg.
#pragma once

#include <filesystem>

#include "formats/core/image.h"

namespace volumen {

/// Reads any image FFmpeg decodes (PNG 8/16 bit, palette, grey, JPEG with its matrix and range, …) as 8-bit
/// RGB, or RGBA (straight alpha) where the file has alpha. EXIF orientation is not applied: calibrations
/// speak of the pixels as stored. Throws InputError with the file's name.
Image8 read_image(const std::filesystem::path& file);

struct ImageInfo {
    int width = 0, height = 0;
    bool alpha = false;
};
/// Size and kind of an image, from its header alone where it is PNG or JPEG. Throws as read_image does.
ImageInfo read_image_info(const std::filesystem::path& file);

/// Writes 1, 3 or 4 channels as PNG, or 3 as JPEG (by extension), under a temporary name, then renames.
void write_image(const std::filesystem::path& file, const Image8& image);

/// The PNG (or JPEG: extension ".jpg") bytes of an image, for embedding.
std::vector<std::uint8_t> encode_image(const Image8& image, const char* extension);

/// Box-filtered (area-weighted) shrink or bilinear growth to another size; alpha-weighted where there are 4
/// channels.
Image8 resize(const Image8& image, int width, int height);

}  // namespace volumen
