#include <doctest/doctest.h>

#include <cmath>

#include "formats/core/error.h"
#include "formats/stream/side.h"
#include "formats/stream/video.h"
#include "tests/formats/media/temporary_folder.h"
#include "tests/formats/stream/stream_files.h"

using namespace volumen;

namespace {

const std::filesystem::path kGolden = VOLUMEN_GOLDEN "/v1";
/// Printed by make_golden when the stream was made.
const std::vector<std::uint32_t> kChecksums{0x255f8a47, 0x08ca70ea, 0xc17a8196, 0x528a1c0b, 0xb30f1622};

}  // namespace

TEST_CASE("golden v1: decodes to the same integers for ever") {
    CHECK(integer_checksums(kGolden) == kChecksums);
}

TEST_CASE("golden v1: what the stream says of itself") {
    const Stream stream = Stream::open(kGolden / "manifest.mpd");
    CHECK(stream.frame_count() == 5);
    CHECK(stream.info().fps.numerator == 30000);
    CHECK(stream.info().fps.denominator == 1001);
    CHECK(stream.info().metres_per_unit == 0.5);
    REQUIRE(stream.segments().size() == 2);
    CHECK(stream.segments()[1].first_frame == 3);
    CHECK(stream.segments()[1].frame_count == 2);
    REQUIRE(stream.rungs().size() == 1);
    const RungInfo& rung = stream.rungs()[0];
    CHECK(rung.profile == "auto");
    CHECK(rung.max_splats == 150);
    CHECK(rung.sh_degree == 1);
    REQUIRE(rung.tracks.size() == 2);
    CHECK(rung.tracks[0].tool == "video");
    CHECK(rung.tracks[0].codec.starts_with("avc1.64"));
    CHECK(rung.tracks[0].width == 256);
    CHECK(rung.tracks[1].bytes == std::filesystem::file_size(kGolden / "side.vol"));
    const VerifyReport report = verify(kGolden);
    CHECK(report.problems.empty());
    CHECK(report.frames == 5);
    CHECK(report.segments == 2);
}

TEST_CASE("golden v1: reconstructs to a plausible cloud") {
    FrameDecoder decoder(Stream::open(kGolden), 0, HwAccel::automatic);
    const auto frame = decoder.next();
    REQUIRE(frame);
    const SplatCloud cloud = reconstruct(*frame);
    CHECK(cloud.count == 150);
    for (const float v : cloud.values) CHECK(std::isfinite(v));
    for (const float v : cloud.channel(2)) CHECK((v > -0.5f && v < 2.5f));
    CHECK(!decoder.device().empty());
}

TEST_CASE("seek to every frame gives what sequential decoding gives") {
    const Stream stream = Stream::open(kGolden);
    FrameDecoder decoder(stream, 0, HwAccel::none);
    for (const int from : {4, 0, 3, 2, 1, 4, 3, 3, 0}) {
        decoder.seek(from);
        for (int i = from; i < 5; ++i) {
            const auto frame = decoder.next();
            REQUIRE(frame);
            CHECK(frame->index == i);
            CHECK(integer_checksum(*frame) == kChecksums[std::size_t(i)]);
            if (from == 1 && i == 2) break;  // seek in mid-segment
        }
        if (from != 1) CHECK(!decoder.next());
    }
    decoder.seek(5);
    CHECK(!decoder.next());
    decoder.seek(-3);
    CHECK(decoder.next()->index == 0);
}

TEST_CASE("damage in one segment costs that segment only") {
    const TemporaryFolder folder;
    const auto copy = folder / "copy";
    for (const bool video : {true, false}) {
        std::filesystem::remove_all(copy);
        std::filesystem::copy(kGolden, copy);
        const SegmentEntry entry = read_side_header(file_source(copy / "side.vol")).segments[0];
        const auto file = copy / (video ? "atlas.mp4" : "side.vol");
        Bytes bytes = read_bytes(file);
        bytes[std::size_t(video ? entry.video_offset + entry.video_size / 2
                                : entry.side_offset + entry.side_size / 2)] ^= 0x10;
        write_bytes(file, bytes);
        FrameDecoder decoder(Stream::open(copy), 0, HwAccel::none);
        CHECK_THROWS_AS(decoder.next(), InputError);
        CHECK_THROWS_AS(decoder.next(), InputError);
        decoder.seek(3);
        for (int i = 3; i < 5; ++i) CHECK(integer_checksum(*decoder.next()) == kChecksums[std::size_t(i)]);
        const VerifyReport report = verify(copy);
        CHECK(report.problems.size() == 1);
        CHECK(report.frames == 2);
    }
}

TEST_CASE("verify notices files that do not belong together") {
    const TemporaryFolder folder;
    const auto copy = folder / "copy";
    std::filesystem::copy(kGolden, copy);
    Bytes manifest = read_bytes(copy / "manifest.mpd");
    std::string text(manifest.begin(), manifest.end());
    const auto edited = [&](const std::string& from, const std::string& to) {
        std::string changed = text;
        const std::size_t at = changed.find(from);
        REQUIRE(at != changed.npos);
        changed.replace(at, from.size(), to);
        write_bytes(copy / "manifest.mpd", std::vector<std::uint8_t>(changed.begin(), changed.end()));
        return verify(copy).problems.size();
    };
    CHECK(edited("atlas.mp4", "atlas.mp4") == 0);
    CHECK(edited("30000/1001", "30") == 1);
    CHECK(edited("avc1.64", "avc1.4D") == 1);
    CHECK(edited("PT0.16", "PT0.96") == 1);
    CHECK_THROWS_AS(edited("atlas.mp4", "../x/atlas.mp4"), InputError);
    CHECK_THROWS_AS(edited("atlas.mp4", "other.mp4"), InputError);
    CHECK_THROWS_AS(edited("width=\"256\"", "width=\"320\""), InputError);
}
