// Any bytes as a side file: its header and every segment, or an InputError.
#include "formats/stream/side.h"

#include "formats/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace volumen;
    const ByteSource source{"side.vol", size, [&](std::uint64_t offset, std::uint64_t count) {
                                return Bytes(data + offset, data + offset + count);
                            }};
    try {
        const SideFile side = read_side_header(source);
        for (const SegmentEntry& entry : side.segments) {
            if (entry.side_offset > size || entry.side_size > size - entry.side_offset) continue;
            const Bytes bytes = source.read(entry.side_offset, entry.side_size);
            try {
                if (side.header.has_skin())
                    read_skin_segment(bytes, entry, side.header, "segment");
                else
                    read_side_segment(bytes, entry, side.header, "segment");
            } catch (const InputError&) {
            }
        }
    } catch (const InputError&) {
    }
    return 0;
}
