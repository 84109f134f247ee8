#include "formats/stream/side.h"

#include <doctest/doctest.h>

#include "formats/core/error.h"
#include "formats/stream/limits.h"

using namespace volumen;

namespace {

ByteSource memory_source(Bytes bytes) {
    const std::size_t size = bytes.size();
    return {"memory", size, [bytes = std::move(bytes)](std::uint64_t offset, std::uint64_t count) {
                ByteReader in(bytes, "memory");
                in.take(offset);
                const auto out = in.take(count);
                return Bytes(out.begin(), out.end());
            }};
}

SideFile small_file() {
    SideFile side;
    side.header.take.fps = {25, 1};
    side.header.frame_count = 2;
    side.header.features = {"atlas", "block-offsets"};
    side.header.rung_id = "low", side.header.profile = "auto";
    side.header.max_splats = 65;
    side.header.atlas_width = side.header.atlas_height = 256;
    side.header.quality = 40;
    side.segments.push_back({.frame_count = 2, .splat_count = 65, .video_size = 10, .video_crc = 7});
    return side;
}

SideSegment small_segment() {
    auto layout = std::make_shared<SegmentLayout>();
    layout->frame_count = 2;
    layout->splat_count = 65;
    layout->atlas_width = layout->atlas_height = 256;
    layout->blocks_per_row = 2;
    for (int p = 0; p < plane_count(0); ++p) {
        layout->plane_x.push_back(std::uint16_t(16 * p));
        layout->plane_y.push_back(8);
        layout->plane_min.push_back(-1.5f), layout->plane_step.push_back(0.25f);
    }
    layout->position_origin = {1, 2, 3};
    layout->position_step = 0.5f;
    layout->position_shift = {0, 1, 2, 3, 4, 14};
    return {layout, {100, -200, 300, kMaxPositionOffset, -kMaxPositionOffset, 0, 1, 2, 3, 4, 5, 6}, {11, 12}};
}

/// Writes, edits, and reads again.
template <class Edit>
void check_refused(Edit edit, const char* why) {
    SideFile side = small_file();
    edit(side);
    CAPTURE(why);
    try {
        Bytes bytes = write_side_header(side);
        read_side_header(memory_source(std::move(bytes)));
        FAIL("was accepted");
    } catch (const InputError& error) {
        CHECK(std::string(error.what()).find(why) != std::string::npos);
    }
}

}  // namespace

TEST_CASE("side file: the header comes back as it was written") {
    SideFile side = small_file();
    side.segments[0].side_offset = write_side_header(side).size();
    const SideFile again = read_side_header(memory_source(write_side_header(side)));
    CHECK(again.header.take.fps.numerator == 25);
    CHECK(again.header.rung_id == "low");
    CHECK(again.header.features == side.header.features);
    CHECK(again.header.max_splats == 65);
    CHECK(again.segments[0].video_crc == 7);
    CHECK(again.segments[0].side_offset == side.segments[0].side_offset);
}

TEST_CASE("side file: features are all of one kind and none of the other") {
    const auto with = [](std::vector<std::string> features) {
        SideFile side = small_file();
        side.header.features = std::move(features);
        side.segments[0].side_offset = write_side_header(side).size();
        return side;
    };
    const auto skin = [](const SideFile& side) {
        return read_side_header(memory_source(write_side_header(side))).header.has_skin();
    };
    CHECK(!skin(with({"atlas", "block-offsets"})));
    CHECK(!skin(with({"block-offsets", "atlas"})));
    CHECK(skin(with({"joints", "lookups", "codebooks"})));
    CHECK(skin(with({"codebooks", "joints", "lookups"})));
    for (const std::vector<std::string>& mixed :
         {std::vector<std::string>{"atlas", "joints"},
          {"atlas", "block-offsets", "joints", "lookups", "codebooks"},
          {"atlas", "block-offsets", "lookups"},
          {"joints", "lookups"},
          {"codebooks"},
          {"atlas"},
          {}}) {
        const SideFile side = with(mixed);
        check_refused([&](SideFile& s) { s = side; }, "features");
    }
}

namespace {

/// Of two tracks, segments where they must be.
SideFile two_tracks() {
    SideFile side = small_file();
    side.header.features = {"tracks", "atlas", "block-offsets"};
    side.header.tracks = 2;
    side.header.atlas_height = 512;
    side.segments[0].further_tracks = {{.offset = 33, .size = 44, .crc = 55}};
    side.segments[0].side_offset = write_side_header(side).size();
    return side;
}

}  // namespace

TEST_CASE("side file: tracks come back as they were written, and need nothing where there is one") {
    const SideFile side = two_tracks();
    const SideFile again = read_side_header(memory_source(write_side_header(side)));
    CHECK(again.header.tracks == 2);
    CHECK(again.header.picture_height() == 256);
    REQUIRE(again.segments[0].further_tracks.size() == 1);
    CHECK(again.segments[0].video(0).crc == 7);
    CHECK(again.segments[0].video(1).offset == 33);
    CHECK(again.segments[0].video(1).size == 44);
    CHECK(again.segments[0].video(1).crc == 55);
    CHECK(again.segments[0].bytes() == 10 + 44);
    CHECK(write_side_header(side).size() > write_side_header(small_file()).size() + 24);
    const Bytes plain = write_side_header(small_file());
    CHECK(std::string(plain.begin(), plain.end()).find("tracks") == std::string::npos);
}

TEST_CASE("side file: what tracks may not be") {
    const auto refused = [](auto edit, const char* why) {
        check_refused(
            [&](SideFile& s) {
                s = two_tracks();
                edit(s);
                s.segments[0].side_offset = write_side_header(s).size();
            },
            why);
    };
    refused([](SideFile& s) { s.header.tracks = 1; }, "tracks");
    refused([](SideFile& s) { s.header.tracks = kMaxTracks + 1; }, "tracks");
    refused([](SideFile& s) { s.header.atlas_height = 512 + 64; }, "atlas_height");
    refused([](SideFile& s) { s.header.atlas_height = 256; }, "atlas_height");
    refused(
        [](SideFile& s) {
            s.header.features = {"joints", "lookups", "codebooks", "tracks"};
        },
        "features");
    refused([](SideFile& s) { s.header.features = {"tracks"}; }, "features");
    refused([](SideFile& s) { s.segments[0].further_tracks[0].size = 0; }, "video bytes");
    refused([](SideFile& s) { s.segments[0].further_tracks.clear(); }, "video bytes");
    // The last 24 bytes are the track index and its checksum.
    const Bytes whole = write_side_header(two_tracks());
    for (std::size_t at = whole.size() - 24; at < whole.size(); ++at) {
        Bytes damaged = whole;
        damaged[at] ^= 1;
        CHECK_THROWS_AS(read_side_header(memory_source(damaged)), InputError);
        CHECK_THROWS_AS(
            read_side_header(memory_source(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(at)))),
            InputError);
    }
}

TEST_CASE("side segment: a plane lies in one track") {
    const SideFile side = two_tracks();
    const auto accepted = [&](std::uint16_t top) {
        SideSegment segment = small_segment();
        SegmentLayout layout = *segment.layout;
        layout.atlas_height = 512, layout.tracks = 2;
        layout.plane_y[5] = top;
        segment.layout = std::make_shared<SegmentLayout>(layout);
        try {
            const auto read =
                read_side_segment(write_side_segment(segment), side.segments[0], side.header, "test");
            CHECK(read.layout->tracks == 2);
            return true;
        } catch (const InputError&) {
            return false;
        }
    };
    CHECK(accepted(248));
    CHECK(!accepted(249));
    CHECK(!accepted(255));
    CHECK(accepted(256));
    CHECK(accepted(504));
    CHECK(!accepted(505));
    CHECK(!accepted(512));
    CHECK(!accepted(65535));
}

TEST_CASE("side file: what is unknown or out of range is refused, and named") {
    const auto ok = [](SideFile& s) { s.segments[0].side_offset = write_side_header(s).size(); };
    check_refused(
        [&](SideFile& s) {
            s.header.features.push_back("neural-field");
            ok(s);
        },
        "neural-field");
    check_refused(
        [&](SideFile& s) {
            s.header.take.fps.denominator = 0;
            ok(s);
        },
        "fps_denominator");
    check_refused(
        [&](SideFile& s) {
            s.header.sh_degree = 4;
            ok(s);
        },
        "sh_degree");
    check_refused(
        [&](SideFile& s) {
            s.header.atlas_width = 320 - 32;
            ok(s);
        },
        "atlas_width");
    check_refused(
        [&](SideFile& s) {
            s.header.take.floor = std::numeric_limits<float>::infinity();
            ok(s);
        },
        "floor");
    check_refused(
        [&](SideFile& s) {
            s.header.max_splats = 64;
            ok(s);
        },
        "splat count");
    check_refused(
        [&](SideFile& s) {
            s.header.frame_count = 3;
            ok(s);
        },
        "index has 2 frames");
    check_refused(
        [&](SideFile& s) {
            s.segments[0].first_frame = 1;
            ok(s);
        },
        "frames");
    check_refused(
        [&](SideFile& s) {
            ok(s);
            s.segments[0].side_size = 1;
        },
        "side bytes");
    check_refused(
        [&](SideFile& s) {
            ok(s);
            s.segments[0].side_offset = ~0ull;
        },
        "side bytes");
    check_refused(
        [&](SideFile& s) {
            ok(s);
            s.segments[0].video_size = 0;
        },
        "video bytes");
}

TEST_CASE("side segment: comes back as it was written") {
    const SideSegment segment = small_segment();
    const SideFile side = small_file();
    const SideSegment again =
        read_side_segment(write_side_segment(segment), side.segments[0], side.header, "test");
    CHECK(again.position_offset == segment.position_offset);
    CHECK(again.luma_crc == segment.luma_crc);
    CHECK(again.layout->position_shift == segment.layout->position_shift);
    CHECK(again.layout->plane_x == segment.layout->plane_x);
    CHECK(again.layout->plane_min == segment.layout->plane_min);
    CHECK(again.layout->position_origin == segment.layout->position_origin);
    CHECK(again.layout->blocks() == 2);
}

TEST_CASE("side segment: hostile values are refused") {
    const SideFile side = small_file();
    const auto refused = [&](auto edit) {
        SideSegment segment = small_segment();
        SegmentLayout layout = *segment.layout;
        edit(segment, layout);
        segment.layout = std::make_shared<SegmentLayout>(layout);
        CHECK_THROWS_AS(read_side_segment(write_side_segment(segment), side.segments[0], side.header, "test"),
                        InputError);
    };
    refused([](SideSegment&, SegmentLayout& l) { l.blocks_per_row = 0; });
    refused([](SideSegment&, SegmentLayout& l) { l.blocks_per_row = 0xffffffff; });
    refused([](SideSegment&, SegmentLayout& l) { l.plane_x[3] = 248; });
    refused([](SideSegment&, SegmentLayout& l) { l.plane_y[3] = 255; });
    refused([](SideSegment&, SegmentLayout& l) { l.blocks_per_row = 1, l.plane_y[3] = 248; });
    refused([](SideSegment&, SegmentLayout& l) { l.atlas_width = 512; });
    refused([](SideSegment&, SegmentLayout& l) { l.splat_count = 64; });
    refused([](SideSegment&, SegmentLayout& l) { l.plane_min[4] = std::numeric_limits<float>::quiet_NaN(); });
    refused([](SideSegment&, SegmentLayout& l) { l.position_step = std::numeric_limits<float>::infinity(); });
    refused([](SideSegment&, SegmentLayout& l) { l.position_shift[5] = kMaxPositionShift + 1; });
    refused([](SideSegment& s, SegmentLayout&) { s.position_offset[2] = kMaxPositionOffset + 1; });
    refused([](SideSegment& s, SegmentLayout&) { s.luma_crc.pop_back(); });
    refused([](SideSegment& s, SegmentLayout& l) { s.position_offset.resize(6), l.frame_count = 1; });
}

TEST_CASE("side segment: unknown chunks are skipped unless they must be known") {
    const SideFile side = small_file();
    for (const std::uint32_t flags : {0u, 2u}) {
        ByteWriter chunk;
        for (const char c : {'N', 'O', 'T', 'E'}) chunk.u8(std::uint8_t(c));
        chunk.u32(flags), chunk.u32(1), chunk.u32(1);
        const std::uint8_t payload[] = {42};
        chunk.u32(crc32(payload)), chunk.append(payload);
        Bytes bytes = chunk.release();
        const Bytes known = write_side_segment(small_segment());
        bytes.insert(bytes.end(), known.begin(), known.end());
        const auto read = [&] { read_side_segment(bytes, side.segments[0], side.header, "test"); };
        if (flags)
            CHECK_THROWS_AS(read(), InputError);
        else
            CHECK_NOTHROW(read());
    }
}
