#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "formats/stream/limits.h"
#include "formats/stream/side.h"

namespace volumen {

namespace {

/// Chunk types, and in which order they are written.
enum Chunk { kLayout, kShifts, kOffsets, kChecksums, kChunks };
constexpr char kChunkNames[kChunks][5] = {"LAYO", "SHFT", "OFFS", "LCRC"};
constexpr std::uint32_t kFlagZstd = 1, kFlagCritical = 2;
/// The slowest level that still keeps up with the video encoder.
constexpr int kZstdLevel = 19;

void write_chunk(ByteWriter& out, Chunk type, const Bytes& raw) {
    Bytes stored(ZSTD_compressBound(raw.size()));
    const std::size_t size = ZSTD_compress(stored.data(), stored.size(), raw.data(), raw.size(), kZstdLevel);
    const bool smaller = !ZSTD_isError(size) && size < raw.size();
    if (smaller)
        stored.resize(size);
    else
        stored = raw;
    for (int i = 0; i < 4; ++i) out.u8(std::uint8_t(kChunkNames[type][i]));
    out.u32(smaller ? kFlagZstd | kFlagCritical : kFlagCritical);
    out.u32(std::uint32_t(stored.size())), out.u32(std::uint32_t(raw.size()));
    out.u32(crc32(stored));
    out.append(stored);
}

struct StoredChunk {
    std::uint32_t flags = 0, raw_size = 0;
    std::span<const std::uint8_t> stored;
};

/// Splits a segment into its chunks; those that an older reader may skip are skipped.
std::vector<std::optional<StoredChunk>> split_chunks(std::span<const std::uint8_t> bytes,
                                                     const std::string& what) {
    std::vector<std::optional<StoredChunk>> chunks(kChunks);
    ByteReader in(bytes, what);
    while (in.remaining()) {
        const auto type = in.take(4);
        const std::string name(type.begin(), type.end());
        StoredChunk chunk;
        chunk.flags = in.u32();
        const std::uint32_t size = in.u32();
        chunk.raw_size = in.u32();
        const std::uint32_t crc = in.u32();
        chunk.stored = in.take(size);
        if (!checksum_holds(chunk.stored, crc))
            throw InputError("{}: a chunk's checksum is wrong; the segment is damaged", what);
        const auto known = std::find_if(std::begin(kChunkNames), std::end(kChunkNames),
                                        [&](const char* n) { return name == n; });
        if (known == std::end(kChunkNames)) {
            if (chunk.flags & kFlagCritical)
                throw InputError("{}: has a chunk that this version does not know; use a newer one", what);
            continue;
        }
        auto& slot = chunks[std::size_t(known - std::begin(kChunkNames))];
        if (slot) throw InputError("{}: has chunk {} twice; the segment is damaged", what, name);
        slot = chunk;
    }
    return chunks;
}

/// The raw bytes of a chunk that must have `size` of them.
Bytes unpack(const std::vector<std::optional<StoredChunk>>& chunks, Chunk type, std::uint64_t size,
             const std::string& what) {
    const auto& chunk = chunks[type];
    if (!chunk) throw InputError("{}: lacks chunk {}; the segment is damaged", what, kChunkNames[type]);
    const auto damaged = [&] {
        throw InputError("{}: chunk {} does not have {} bytes; the segment is damaged", what,
                         kChunkNames[type], size);
    };
    if (chunk->raw_size != size) damaged();
    if (!(chunk->flags & kFlagZstd)) {
        if (chunk->stored.size() != size) damaged();
        return {chunk->stored.begin(), chunk->stored.end()};
    }
    Bytes raw(size);
    if (ZSTD_decompress(raw.data(), raw.size(), chunk->stored.data(), chunk->stored.size()) != size)
        damaged();
    return raw;
}

Bytes write_layout(const SegmentLayout& l) {
    ByteWriter out;
    out.u32(l.splat_count);
    out.u32(std::uint32_t(l.sh_degree));
    out.u16(std::uint16_t(l.atlas_width)), out.u16(std::uint16_t(l.atlas_height));
    out.u32(l.blocks_per_row);
    for (const float v : l.position_origin) out.f32(v);
    out.f32(l.position_step);
    for (std::size_t p = 0; p < l.plane_x.size(); ++p) {
        out.u16(l.plane_x[p]), out.u16(l.plane_y[p]);
        out.f32(l.plane_min[p]), out.f32(l.plane_step[p]);
    }
    return out.release();
}

constexpr std::size_t kLayoutBytes = 32, kLayoutPlaneBytes = 12;

std::shared_ptr<SegmentLayout> read_layout(const Bytes& bytes, const SegmentEntry& entry,
                                           const SideHeader& header, const std::string& what) {
    const auto wrong = [&](const char* field) {
        throw InputError("{}: {} out of range; the segment is damaged", what, field);
    };
    // Far outside any scene, yet no arithmetic on such values overflows.
    const auto finite = [&](float v, const char* field) {
        if (!(std::abs(v) <= 1e9f)) wrong(field);
        return v;
    };
    ByteReader in(bytes, what);
    auto l = std::make_shared<SegmentLayout>();
    l->first_frame = int(entry.first_frame), l->frame_count = int(entry.frame_count);
    l->splat_count = in.u32();
    if (l->splat_count != entry.splat_count) wrong("splat count");
    if (in.u32() != std::uint32_t(header.sh_degree)) wrong("SH degree");
    l->sh_degree = header.sh_degree;
    l->atlas_width = in.u16(), l->atlas_height = in.u16();
    if (l->atlas_width != header.atlas_width || l->atlas_height != header.atlas_height) wrong("atlas size");
    l->blocks_per_row = in.u32();
    if (l->blocks_per_row < 1 || l->blocks_per_row > kMaxAtlasWidth / kBlockSide) wrong("blocks per row");
    for (float& v : l->position_origin) v = finite(in.f32(), "position origin");
    l->position_step = finite(in.f32(), "position step");
    const std::uint32_t columns = std::min(l->blocks_per_row, l->blocks());
    const std::uint32_t rows = (l->blocks() + l->blocks_per_row - 1) / l->blocks_per_row;
    for (int p = 0; p < plane_count(l->sh_degree); ++p) {
        l->plane_x.push_back(in.u16()), l->plane_y.push_back(in.u16());
        if (l->plane_x.back() + columns * kBlockSide > std::uint32_t(l->atlas_width) ||
            l->plane_y.back() + rows * kBlockSide > std::uint32_t(l->atlas_height))
            wrong("a plane's place");
        l->plane_min.push_back(finite(in.f32(), "a plane's minimum"));
        l->plane_step.push_back(finite(in.f32(), "a plane's step"));
    }
    return l;
}

std::uint32_t zigzag(std::uint32_t v) {
    return v << 1 ^ (v >> 31 ? ~0u : 0u);
}
std::uint32_t unzigzag(std::uint32_t v) {
    return v >> 1 ^ (v & 1 ? ~0u : 0u);
}

/// Calls body(place, prediction's place or npos) for all offsets in coding order: frame, axis, block.
template <class Body>
void walk_offsets(std::size_t frames, std::size_t blocks, Body body) {
    for (std::size_t f = 0; f < frames; ++f)
        for (std::size_t axis = 0; axis < 3; ++axis)
            for (std::size_t b = 0; b < blocks; ++b) {
                const std::size_t place = (f * blocks + b) * 3 + axis;
                const std::size_t none = std::size_t(-1);
                body(place, f ? place - blocks * 3 : b ? place - 3 : none);
            }
}

/// Residuals, zigzag, as four byte planes (least significant first): the upper ones are nearly all zero.
Bytes write_offsets(const std::vector<std::int32_t>& offsets, std::size_t frames) {
    Bytes out(offsets.size() * 4);
    std::size_t n = 0;
    walk_offsets(frames, frames ? offsets.size() / 3 / frames : 0, [&](std::size_t place, std::size_t from) {
        const std::uint32_t prediction = from == std::size_t(-1) ? 0u : std::uint32_t(offsets[from]);
        const std::uint32_t v = zigzag(std::uint32_t(offsets[place]) - prediction);
        for (std::size_t i = 0; i < 4; ++i) out[i * offsets.size() + n] = std::uint8_t(v >> (8 * i));
        ++n;
    });
    return out;
}

std::vector<std::int32_t> read_offsets(const Bytes& bytes, std::size_t frames, std::size_t blocks,
                                       const std::string& what) {
    std::vector<std::int32_t> offsets(frames * blocks * 3);
    std::size_t n = 0;
    walk_offsets(frames, blocks, [&](std::size_t place, std::size_t from) {
        std::uint32_t v = 0;
        for (std::size_t i = 0; i < 4; ++i) v |= std::uint32_t(bytes[i * offsets.size() + n]) << (8 * i);
        const std::uint32_t prediction = from == std::size_t(-1) ? 0u : std::uint32_t(offsets[from]);
        offsets[place] = std::int32_t(prediction + unzigzag(v));
        if (offsets[place] < -kMaxPositionOffset || offsets[place] > kMaxPositionOffset)
            throw InputError("{}: a position offset is out of range; the segment is damaged", what);
        ++n;
    });
    return offsets;
}

}  // namespace

Bytes write_side_segment(const SideSegment& segment) {
    const SegmentLayout& layout = *segment.layout;
    ByteWriter checksums;
    for (const std::uint32_t crc : segment.luma_crc) checksums.u32(crc);
    ByteWriter out;
    write_chunk(out, kLayout, write_layout(layout));
    write_chunk(out, kShifts, layout.position_shift);
    write_chunk(out, kOffsets, write_offsets(segment.position_offset, std::size_t(layout.frame_count)));
    write_chunk(out, kChecksums, checksums.bytes());
    return out.release();
}

SideSegment read_side_segment(std::span<const std::uint8_t> bytes, const SegmentEntry& entry,
                              const SideHeader& header, const std::string& what) {
    const auto chunks = split_chunks(bytes, what);
    SideSegment out;
    const std::size_t planes = std::size_t(plane_count(header.sh_degree));
    const auto layout = read_layout(unpack(chunks, kLayout, kLayoutBytes + planes * kLayoutPlaneBytes, what),
                                    entry, header, what);
    const std::size_t blocks = layout->blocks(), frames = entry.frame_count;
    layout->position_shift = unpack(chunks, kShifts, blocks * 3, what);
    if (std::any_of(layout->position_shift.begin(), layout->position_shift.end(),
                    [](std::uint8_t s) { return s > kMaxPositionShift; }))
        throw InputError("{}: a position shift is out of range; the segment is damaged", what);
    out.position_offset = read_offsets(unpack(chunks, kOffsets, std::uint64_t(frames) * blocks * 12, what),
                                       frames, blocks, what);
    const Bytes checksums = unpack(chunks, kChecksums, std::uint64_t(frames) * 4, what);
    ByteReader in(checksums, what);
    for (std::size_t i = 0; i < frames; ++i) out.luma_crc.push_back(in.u32());
    out.layout = layout;
    return out;
}

}  // namespace volumen
