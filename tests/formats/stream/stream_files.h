// Streams on disk for tests: copies to damage, and checksums of what they decode to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "formats/core/bytes.h"
#include "formats/stream/reader.h"
#include "formats/stream/source.h"

namespace volumen {

inline Bytes read_bytes(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) {
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
}

/// CRC-32 of a frame's integers: every plane's luma splat by splat (positions: the grid value as 32-bit
/// little-endian), planes in order.
inline std::uint32_t integer_checksum(const PackedFrame& frame) {
    const SegmentLayout& l = *frame.layout;
    ByteWriter out;
    for (std::size_t p = 0; p < l.plane_x.size(); ++p)
        for (std::size_t i = 0; i < l.splat_count; ++i) {
            const std::size_t block = i / kBlockSplats, place = i % kBlockSplats;
            const std::size_t x = l.plane_x[p] + block % l.blocks_per_row * kBlockSide + place % kBlockSide;
            const std::size_t y = l.plane_y[p] + block / l.blocks_per_row * kBlockSide + place / kBlockSide;
            const std::uint8_t luma = frame.luma[y * std::size_t(l.atlas_width) + x];
            const std::size_t axis = block * 3 + p;
            if (p < kPlaneRotation)
                out.u32(std::uint32_t(frame.position_offset[axis] + (luma << l.position_shift[axis])));
            else
                out.u8(luma);
        }
    return crc32(out.bytes());
}

/// Of every frame of the first rung, in order.
inline std::vector<std::uint32_t> integer_checksums(const std::filesystem::path& stream) {
    FrameDecoder decoder(Stream::open(stream), 0, HwAccel::none);
    std::vector<std::uint32_t> out;
    while (const auto frame = decoder.next()) out.push_back(integer_checksum(*frame));
    return out;
}

}  // namespace volumen
