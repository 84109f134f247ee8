#include <array>
#include <cstring>
#include <fstream>
#include <optional>

#include "formats/core/error.h"
#include "formats/media/image_file.h"

namespace volumen {
namespace {

/// Chunks or segments looked at before the picture's data: more are not a header.
constexpr int kMaxParts = 1000;

unsigned big_endian(const unsigned char* bytes, int count) {
    unsigned value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
    return value;
}

bool read_bytes(std::ifstream& in, unsigned char* to, std::streamsize count) {
    return bool(in.read(reinterpret_cast<char*>(to), count));
}

std::optional<ImageInfo> png_info(std::ifstream& in) {
    ImageInfo info;
    std::array<unsigned char, 8> head;
    for (int part = 0; part < kMaxParts && read_bytes(in, head.data(), 8); ++part) {
        const unsigned length = big_endian(head.data(), 4);
        const bool is_header = std::memcmp(&head[4], "IHDR", 4) == 0;
        if (is_header != (part == 0)) return std::nullopt;
        if (std::memcmp(&head[4], "IDAT", 4) == 0) return info;
        if (std::memcmp(&head[4], "tRNS", 4) == 0) info.alpha = true;
        std::array<unsigned char, 13> header;
        if (is_header) {
            if (length != header.size() || !read_bytes(in, header.data(), length)) return std::nullopt;
            info.width = int(big_endian(&header[0], 4)), info.height = int(big_endian(&header[4], 4));
            info.alpha = (header[9] & 4) != 0;
        }
        in.seekg(std::streamoff(is_header ? 0 : length) + 4, std::ios::cur);
    }
    return std::nullopt;
}

std::optional<ImageInfo> jpeg_info(std::ifstream& in) {
    std::array<unsigned char, 4> head;
    for (int part = 0; part < kMaxParts && read_bytes(in, head.data(), 4); ++part) {
        const unsigned marker = head[1], length = big_endian(&head[2], 2);
        if (head[0] != 0xff || length < 2) return std::nullopt;
        const bool start_of_frame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (start_of_frame) {
            std::array<unsigned char, 5> size;
            if (!read_bytes(in, size.data(), 5)) return std::nullopt;
            return ImageInfo{int(big_endian(&size[3], 2)), int(big_endian(&size[1], 2)), false};
        }
        in.seekg(std::streamoff(length) - 2, std::ios::cur);
    }
    return std::nullopt;
}

}  // namespace

ImageInfo read_image_info(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::array<unsigned char, 8> magic{};
    std::optional<ImageInfo> info;
    if (in && read_bytes(in, magic.data(), 8)) {
        if (std::memcmp(magic.data(), "\x89PNG\r\n\x1a\n", 8) == 0) {
            info = png_info(in);
        } else if (magic[0] == 0xff && magic[1] == 0xd8) {
            in.seekg(2);
            info = jpeg_info(in);
        }
    }
    if (!info) {
        // Another kind, or something is wrong with it, which decoding says better.
        const Image8 image = read_image(file);
        info = ImageInfo{image.width, image.height, image.channels == 4};
    }
    if (info->width < 1 || info->height < 1 || info->width > kMaxImageSide || info->height > kMaxImageSide)
        throw InputError("{}: {} x {} pixels, but 1 to {} a side are accepted", file.string(), info->width,
                         info->height, kMaxImageSide);
    return *info;
}

}  // namespace volumen
