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

/// CRC-32 of what a frame's splats are made from: of joints and skin, splat by splat, its place and rotation
/// in the first frame, its anchors, the mean and the sample of each look-up and its levels from each
/// codebook; then joint by joint where it is and how it is turned. All as 32-bit little-endian.
inline std::uint32_t skin_checksum(const SkinSegment& s, int frame) {
    ByteWriter out;
    const std::size_t n = s.splat_count, hung = std::size_t(s.anchors.per_splat);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t a = 3 * i; a < 3 * (i + 1); ++a)
            out.u32(std::uint32_t(s.place[a])), out.u32(s.rotation[a]);
        for (std::size_t k = i * hung; k < (i + 1) * hung; ++k) out.u32(s.anchors.joints[k]);
        for (std::size_t l = 0; l < kLookups; ++l) {
            out.u32(s.mean[l * n + i]);
            out.u32(s.luma[s.lookup.row_begin(l * n + s.row[l * n + i]) + std::size_t(frame)]);
        }
        for (const SegmentCodebook& book : s.codebooks)
            for (std::size_t c = 0; c < std::size_t(book.dimensions); ++c)
                out.u32(book.levels[std::size_t(book.entry(i, frame)) * std::size_t(book.dimensions) + c]);
    }
    const std::size_t values = s.joint_count * kJointComponents;
    for (std::size_t v = 0; v < values; ++v)
        out.u32(std::uint32_t(s.joints[std::size_t(frame) * values + v]));
    return crc32(out.bytes());
}

/// CRC-32 of a frame's integers: of joints and skin skin_checksum(), of an atlas every plane's luma splat by
/// splat (positions: the grid value as 32-bit little-endian), planes in order.
inline std::uint32_t integer_checksum(const PackedFrame& frame) {
    if (frame.skin) return skin_checksum(*frame.skin, frame.index - frame.skin->first_frame);
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
