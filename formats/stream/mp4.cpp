#include <algorithm>

#include "formats/stream/limits.h"
#include "formats/stream/video.h"

namespace volumen {

namespace {

struct Box {
    std::string type;
    std::uint64_t begin = 0, size = 0;
    std::size_t header = 0;  ///< bytes of size and type
};

Box read_box(const ByteSource& source, std::uint64_t at) {
    const Bytes head = source.read(at, std::min<std::uint64_t>(16, source.size - at));
    ByteReader in(head, source.name);
    Box box;
    box.begin = at;
    box.size = in.u32_big();
    const auto type = in.take(4);
    box.type.assign(type.begin(), type.end());
    if (box.size == 1) {
        const std::uint64_t high = in.u32_big();
        box.size = high << 32 | in.u32_big();
    }
    box.header = in.position();
    if (box.size < box.header || box.size > source.size - at)
        throw InputError("{}: the box at byte {} does not fit into the file; it is damaged", source.name, at);
    return box;
}

/// ISO/IEC 14496-12, 8.16.3. One level: every reference is a fragment.
void read_sidx(const ByteSource& source, const Box& box, Mp4Index& index) {
    constexpr std::uint64_t kMaxSidx = 32 + 12 * std::uint64_t(kMaxFrames);
    if (box.size > kMaxSidx) throw InputError("{}: its segment index is too large", source.name);
    const Bytes bytes = source.read(box.begin + box.header, box.size - box.header);
    ByteReader in(bytes, source.name);
    const std::uint32_t version = in.u32_big() >> 24;
    in.u32_big();  // reference id
    index.timescale = in.u32_big();
    const auto time = [&]() -> std::uint64_t {
        const std::uint64_t high = version ? in.u32_big() : 0;
        return high << 32 | in.u32_big();
    };
    time();
    std::uint64_t offset = time();
    if (offset > source.size) throw InputError("{}: its segment index is damaged", source.name);
    offset += box.begin + box.size;
    const std::uint32_t count = in.u32_big() & 0xffff;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t reference = in.u32_big(), duration = in.u32_big();
        in.u32_big();  // starts with an access point
        const std::uint64_t size = reference & 0x7fffffff;
        if (reference >> 31 || offset > source.size || size > source.size - offset)
            throw InputError("{}: its segment index points beyond its end; the file is damaged", source.name);
        index.fragments.push_back({offset, size, duration});
        offset += size;
    }
    index.sidx_begin = box.begin;
    index.sidx_end = box.begin + box.size;
}

}  // namespace

Mp4Index read_mp4_index(const ByteSource& source) {
    // ftyp, moov, sidx and perhaps free boxes: more in front of the first moof is no file of ours.
    constexpr int kMaxLeadingBoxes = 16;
    Mp4Index index;
    std::uint64_t at = 0;
    for (int i = 0; i < kMaxLeadingBoxes && at < source.size; ++i) {
        const Box box = read_box(source, at);
        if (box.type == "moof") break;
        at += box.size;
        if (box.type == "moov") index.init_size = at;
        if (box.type == "sidx" && !index.sidx_end) read_sidx(source, box, index);
    }
    if (!index.init_size || index.init_size > kMaxInitBytes || !index.sidx_end ||
        index.sidx_begin < index.init_size || index.fragments.empty())
        throw InputError("{}: is no fragmented MP4 with a segment index; the file is damaged", source.name);
    return index;
}

}  // namespace volumen
