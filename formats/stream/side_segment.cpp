#include <algorithm>
#include <cmath>

#include "formats/stream/chunks.h"
#include "formats/stream/limits.h"
#include "formats/stream/side.h"

namespace volumen {

namespace {

/// Chunk types, in the order in which they are written.
constexpr const char* kLayout = "LAYO";
constexpr const char* kShifts = "SHFT";
constexpr const char* kOffsets = "OFFS";
constexpr const char* kChecksums = "LCRC";

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
    l->tracks = header.tracks;
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
            l->plane_y.back() >= l->atlas_height ||
            l->plane_y.back() % l->picture_height() + rows * kBlockSide > std::uint32_t(l->picture_height()))
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
    ByteWriter out;
    write_chunk(out, kLayout, write_layout(layout));
    write_chunk(out, kShifts, layout.position_shift);
    write_chunk(out, kOffsets, write_offsets(segment.position_offset, std::size_t(layout.frame_count)));
    write_checksums(out, kChecksums, segment.luma_crc);
    return out.release();
}

SideSegment read_side_segment(std::span<const std::uint8_t> bytes, const SegmentEntry& entry,
                              const SideHeader& header, const std::string& what) {
    const Chunks chunks(bytes, {kLayout, kShifts, kOffsets, kChecksums}, what);
    SideSegment out;
    const std::size_t planes = std::size_t(plane_count(header.sh_degree));
    const auto layout =
        read_layout(chunks.unpack(kLayout, kLayoutBytes + planes * kLayoutPlaneBytes), entry, header, what);
    const std::size_t blocks = layout->blocks(), frames = entry.frame_count;
    layout->position_shift = chunks.unpack(kShifts, blocks * 3);
    if (std::any_of(layout->position_shift.begin(), layout->position_shift.end(),
                    [](std::uint8_t s) { return s > kMaxPositionShift; }))
        throw InputError("{}: a position shift is out of range; the segment is damaged", what);
    out.position_offset =
        read_offsets(chunks.unpack(kOffsets, std::uint64_t(frames) * blocks * 12), frames, blocks, what);
    out.luma_crc = read_checksums(chunks, kChecksums, frames);
    out.layout = layout;
    return out;
}

}  // namespace volumen
