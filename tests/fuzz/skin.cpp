// Any contents of the chunks of a segment of joints and skin: splats of finite numbers, or an InputError.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "formats/core/error.h"
#include "formats/stream/limits.h"
#include "formats/stream/skin_segment.h"
#include "formats/stream/source.h"
#include "tests/fuzz/skin_input.h"

namespace {

using namespace volumen;

/// Arrays of one symbol are a few bytes, whatever their length: longer ones show nothing more and take long.
constexpr std::uint64_t kMostSplats = 1u << 12, kMostJointPoses = 1u << 14, kMostPictureBytes = 1u << 20;

std::uint32_t u32_at(const Bytes& bytes, std::size_t at) {
    if (bytes.size() < at + 4) return 0;
    return ByteReader(std::span(bytes).subspan(at), "input").u32();
}

Bytes segment_of(const SkinInput& input) {
    ByteWriter out;
    for (std::size_t i = 0; i < input.chunks.size(); ++i) {
        // What stands beyond the SH degree is left out where it is empty: it would refuse all.
        if (input.chunks[i].empty()) continue;
        const std::uint32_t size = std::uint32_t(input.chunks[i].size());
        for (int c = 0; c < 4; ++c) out.u8(std::uint8_t(kSkinInputChunks[i][c]));
        out.u32(2), out.u32(size), out.u32(size), out.u32(crc32(input.chunks[i]));
        out.append(input.chunks[i]);
    }
    return out.release();
}

void check(SkinSegment& segment) {
    const std::uint64_t bytes = std::uint64_t(segment.lookup.pictures) * std::uint64_t(segment.lookup.width) *
                                std::uint64_t(segment.lookup.height);
    if (bytes > kMostPictureBytes) return;
    segment.luma.resize(bytes);
    for (std::size_t i = 0; i < bytes; ++i) segment.luma[i] = std::uint8_t(i * 37);
    for (const int frame : {0, segment.frame_count - 1})
        for (const float v : reconstruct_skin(segment, frame).values)
            if (!std::isfinite(v)) std::abort();
    for (const std::uint32_t joint : segment.anchors.joints)
        if (joint >= segment.joint_count) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const SkinInput input = read_skin_input({data, size});
    SegmentEntry entry;
    entry.frame_count = std::clamp<std::uint32_t>(input.frames, 1, kMaxSegmentFrames);
    entry.splat_count = std::max(input.splats, 1u);
    SideHeader header;
    header.sh_degree = input.sh_degree % (kMaxShDegree + 1);
    const auto side = [](std::uint8_t units, int most) {
        return std::clamp(units * kAtlasAlign, kMinAtlasSide, most / kAtlasAlign * kAtlasAlign);
    };
    header.atlas_width = side(input.width, kMaxAtlasWidth);
    header.atlas_height = side(input.height, kMaxAtlasHeight);
    const std::uint64_t joints = u32_at(input.chunks[0], 4);
    if (entry.splat_count > kMostSplats || joints * entry.frame_count > kMostJointPoses) return 0;
    try {
        check(*read_skin_segment(segment_of(input), entry, header, "segment"));
    } catch (const InputError&) {
    }
    return 0;
}
