// What the target `skin` takes: a few facts, then the contents of a segment's chunks. The target puts heads
// and checksums in front, so that every input reaches what reads the contents.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "formats/core/bytes.h"
#include "formats/stream/side.h"
#include "formats/stream/skin_chunks.h"

namespace volumen {

struct SkinInput {
    std::uint32_t splats = 0;  ///< in the file as u32
    std::uint16_t frames = 0;
    std::uint8_t sh_degree = 0, width = 0, height = 0;  ///< sizes in units of kAtlasAlign
    /// Contents, each behind its size as u32: SKIN, JNTS, CANO, MEAN, SH_0 … SH_3, LCRC.
    std::array<Bytes, 9> chunks;
};
inline constexpr std::array<const char*, 9> kSkinInputChunks{kSkinLayout,   kJoints,       kFirstFrame,
                                                             kMeans,        kCodebooks[0], kCodebooks[1],
                                                             kCodebooks[2], kCodebooks[3], kPictureChecksums};

inline Bytes write_skin_input(const SkinInput& input) {
    ByteWriter out;
    out.u32(input.splats), out.u16(input.frames);
    out.u8(input.sh_degree), out.u8(input.width), out.u8(input.height);
    for (const Bytes& chunk : input.chunks) out.u32(std::uint32_t(chunk.size())), out.append(chunk);
    return out.release();
}

/// Any bytes are an input: what is missing is empty.
inline SkinInput read_skin_input(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kFacts = 9;
    SkinInput out;
    if (bytes.size() < kFacts) return out;
    ByteReader in(bytes, "input");
    out.splats = in.u32(), out.frames = in.u16();
    out.sh_degree = in.u8(), out.width = in.u8(), out.height = in.u8();
    for (Bytes& chunk : out.chunks) {
        if (in.remaining() < 4) break;
        const std::uint64_t size = in.u32();
        const auto contents = in.take(std::min<std::uint64_t>(size, in.remaining()));
        chunk.assign(contents.begin(), contents.end());
    }
    return out;
}

}  // namespace volumen
