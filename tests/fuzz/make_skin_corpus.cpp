// Writes the corpus of the target `skin`: make_skin_corpus STREAM DIRECTORY. From the segments of a stream,
// as the encoder wrote them, and from made-up ones. Not part of a build; what it wrote is kept.
#include <fmt/format.h>

#include <cstdio>

#include "formats/stream/limits.h"
#include "tests/formats/stream/skin_generator.h"
#include "tests/formats/stream/stream_files.h"
#include "tests/fuzz/skin_input.h"

using namespace volumen;

namespace {

Bytes input_of(std::span<const std::uint8_t> segment, const SegmentEntry& entry, const SideHeader& header) {
    const Chunks chunks(segment,
                        {kSkinInputChunks[0], kSkinInputChunks[1], kSkinInputChunks[2], kSkinInputChunks[3],
                         kSkinInputChunks[4], kSkinInputChunks[5], kSkinInputChunks[6], kSkinInputChunks[7],
                         kSkinInputChunks[8]},
                        "segment");
    SkinInput input{entry.splat_count, std::uint16_t(entry.frame_count), std::uint8_t(header.sh_degree),
                    std::uint8_t(header.atlas_width / kAtlasAlign),
                    std::uint8_t(header.atlas_height / kAtlasAlign)};
    for (std::size_t i = 0; i < kSkinInputChunks.size(); ++i)
        if (chunks.has(kSkinInputChunks[i]))
            input.chunks[i] = chunks.unpack_up_to(kSkinInputChunks[i], kMaxSegmentBytes);
    return write_skin_input(input);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::filesystem::path target = argv[2];
    std::filesystem::create_directories(target);
    const ByteSource source = file_source(std::filesystem::path(argv[1]) / "side.vol");
    const SideFile side = read_side_header(source);
    for (std::size_t i = 0; i < side.segments.size(); ++i) {
        const SegmentEntry& e = side.segments[i];
        write_bytes(target / fmt::format("packed_{}.skin", i),
                    input_of(source.read(e.side_offset, e.side_size), e, side.header));
    }
    SkinGenerator generate(1);
    const auto write = [&](const char* name, const SkinSizes& sizes) {
        const GeneratedSkin g = generate.next(sizes);
        write_bytes(target / fmt::format("{}.skin", name), input_of(g.bytes, g.entry, g.header));
    };
    write("one_of_each", {1, 1, 1, 1, 0});
    write("one_frame", {20, 9, 1, 4, 1});
    write("all_degrees", {12, 6, 5, 7, 3});
    write("many_joints", {30, 90, 4, 3, 0});
    write("two_parts_an_index", {4, 3, 3, 4200, 0});
    write("small", {5, 3, 3, 2, 0});
}
