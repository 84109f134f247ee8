// FORMAT.md's worked example, read from the document itself.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "formats/stream/frame.h"
#include "formats/stream/side.h"

using namespace volumen;

namespace {

/// The bytes between the section's ``` lines.
Bytes example_bytes() {
    std::ifstream in(VOLUMEN_FORMAT_MD);
    std::stringstream text;
    text << in.rdbuf();
    const std::string all = text.str();
    const std::size_t begin = all.find("```\n", all.find("## 9. Worked example")) + 4;
    std::istringstream hex(all.substr(begin, all.find("```", begin) - begin));
    Bytes out;
    for (std::string byte; hex >> byte;) out.push_back(std::uint8_t(std::stoi(byte, nullptr, 16)));
    return out;
}

}  // namespace

TEST_CASE("the worked example of FORMAT.md holds") {
    const Bytes bytes = example_bytes();
    REQUIRE(bytes.size() == 287);
    SideHeader header;
    header.max_splats = 1;
    header.atlas_width = header.atlas_height = 256;
    const SegmentEntry entry{.frame_count = 1, .splat_count = 1};
    const SideSegment segment = read_side_segment(bytes, entry, header, "FORMAT.md");
    CHECK(segment.position_offset == std::vector<std::int32_t>{5, -3, 300});
    PackedFrame frame;
    frame.layout = segment.layout;
    frame.luma.assign(256 * 256, 128);
    frame.position_offset = segment.position_offset;
    CHECK(segment.luma_crc.at(0) == crc32(frame.luma));
    const SplatCloud cloud = reconstruct(frame);
    REQUIRE(cloud.count == 1);
    const float expected[] = {0.0390625f, 1.9765625f, 6.84375f, 1, 0, 0, 0, -4, -4, -4, 0, 0, 0, 0};
    for (int c = 0; c < cloud.channels(); ++c) CHECK(cloud.channel(c)[0] == expected[c]);
}
