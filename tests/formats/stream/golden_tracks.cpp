// A stream of two videos.
#include <doctest/doctest.h>

#include <cmath>

#include "formats/core/error.h"
#include "formats/stream/side.h"
#include "tests/formats/media/temporary_folder.h"
#include "tests/formats/stream/stream_files.h"

using namespace volumen;

namespace {

const std::filesystem::path kGolden = VOLUMEN_GOLDEN "/v1_tracks";
/// Printed by make_golden when the stream was made.
const std::vector<std::uint32_t> kChecksums{0x85aad8c7, 0xe8e059e5, 0x7d3794de, 0xf58751b9, 0xa4b3e959};

/// A copy whose manifest is edited.
class Edited {
  public:
    Edited() { std::filesystem::copy(kGolden, path_); }
    void replace(const std::string& from, const std::string& to) {
        const Bytes bytes = read_bytes(kGolden / "manifest.mpd");
        std::string text(bytes.begin(), bytes.end());
        const std::size_t at = text.rfind(from);
        REQUIRE(at != text.npos);
        text.replace(at, from.size(), to);
        write_bytes(path_ / "manifest.mpd", Bytes(text.begin(), text.end()));
    }
    /// What opening it says; empty where it opens.
    std::string refusal() const {
        try {
            Stream::open(path_);
            return "";
        } catch (const InputError& error) {
            return error.what();
        }
    }
    std::filesystem::path file(const char* name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

  private:
    TemporaryFolder folder_;
    std::filesystem::path path_ = folder_ / "copy";
};

}  // namespace

TEST_CASE("golden v1_tracks: decodes to the same integers for ever, from any frame on") {
    CHECK(integer_checksums(kGolden) == kChecksums);
    FrameDecoder decoder(Stream::open(kGolden), 0, HwAccel::automatic);
    for (const int from : {4, 0, 2, 1, 3}) {
        decoder.seek(from);
        for (int i = from; i < 5; ++i) CHECK(integer_checksum(*decoder.next()) == kChecksums[std::size_t(i)]);
        CHECK(!decoder.next());
    }
    CHECK(!decoder.device().empty());
}

TEST_CASE("a device that was asked for decodes, or a line says why it does not") {
    for (const HwAccel acceleration : {HwAccel::cuda, HwAccel::vaapi, HwAccel::vulkan}) {
        FrameDecoder decoder(Stream::open(kGolden), 0, acceleration);
        CHECK(integer_checksum(*decoder.next()) == kChecksums[0]);
        CAPTURE(decoder.note());
        CHECK((decoder.device() == "software") == !decoder.note().empty());
        CHECK(decoder.note().find("\n") == std::string::npos);
    }
}

TEST_CASE("golden v1_tracks: what the stream says of itself, and every checksum holds") {
    const Stream stream = Stream::open(kGolden);
    const RungInfo& rung = stream.rungs().at(0);
    REQUIRE(rung.tracks.size() == 3);
    CHECK(rung.tracks[0].id == "atlas");
    CHECK(rung.tracks[1].id == "atlas-1");
    CHECK(rung.tracks[1].file == "atlas-1.mp4");
    CHECK(rung.tracks[1].codec == rung.tracks[0].codec);
    CHECK(rung.tracks[1].height == 256);
    CHECK(rung.tracks[2].id == "side");
    std::uint64_t files = 0, segments = 0;
    for (const TrackInfo& track : rung.tracks) files += track.bytes;
    for (const SegmentInfo& s : stream.segments()) segments += s.bytes;
    CHECK(segments < files);
    CHECK(segments + 4000 > files);  // headers
    const VerifyReport report = verify(kGolden);
    CHECK(report.problems.empty());
    CHECK(report.frames == 5);
    const SplatCloud cloud = reconstruct(*FrameDecoder(stream, 0, HwAccel::none).next());
    CHECK(cloud.count == 1050);
    for (const float v : cloud.values) CHECK(std::isfinite(v));
}

TEST_CASE("golden v1_tracks: damage in the second track costs its segment only") {
    const Edited copy;
    const VideoPart part = read_side_header(file_source(copy.file("side.vol"))).segments[0].video(1);
    Bytes bytes = read_bytes(copy.file("atlas-1.mp4"));
    bytes[std::size_t(part.offset + part.size / 2)] ^= 0x10;
    write_bytes(copy.file("atlas-1.mp4"), bytes);
    FrameDecoder decoder(Stream::open(copy.path()), 0, HwAccel::none);
    CHECK_THROWS_AS(decoder.next(), InputError);
    decoder.seek(3);
    for (int i = 3; i < 5; ++i) CHECK(integer_checksum(*decoder.next()) == kChecksums[std::size_t(i)]);
    const VerifyReport report = verify(copy.path());
    CHECK(report.problems.size() == 1);
    CHECK(report.frames == 2);
}

TEST_CASE("golden v1_tracks: tracks of another stream are told apart") {
    const Edited copy;
    // The first track in the second's place: as large, cut alike, but other bytes.
    std::filesystem::copy_file(kGolden / "atlas.mp4", copy.file("atlas-1.mp4"),
                               std::filesystem::copy_options::overwrite_existing);
    CHECK(!verify(copy.path()).problems.empty());
    std::filesystem::remove(copy.file("atlas-1.mp4"));
    CHECK(copy.refusal().find("atlas-1.mp4") != std::string::npos);
}

TEST_CASE("golden v1_tracks: a manifest that lies about its tracks is refused") {
    Edited copy;
    copy.replace("0-1", "0-1");
    CHECK(copy.refusal().empty());
    copy.replace("urn:volumen:track:1", "urn:volumen:unknown");
    CHECK(copy.refusal().find("2 videos, the manifest has 1") != std::string::npos);
    copy.replace("associationId=\"0\"", "associationId=\"7\"");
    CHECK(copy.refusal().find("rung of a track") != std::string::npos);
    copy.replace("associationId=\"0\"", "");
    CHECK(copy.refusal().find("rung of a track") != std::string::npos);
    for (const char* number : {"0", "2", "8", "-1", "99999999999999999999", ""}) {
        copy.replace("track:1\" value=\"1\"", fmt::format("track:1\" value=\"{}\"", number));
        CHECK(copy.refusal().find("a track's number") != std::string::npos);
    }
    copy.replace("width=\"256\"", "width=\"320\"");
    CHECK(copy.refusal().find("a track's size") != std::string::npos);
    copy.replace("atlas-1.mp4", "../atlas-1.mp4");
    CHECK(copy.refusal().find("BaseURL") != std::string::npos);
    copy.replace("0-727", "0-99999999");
    CHECK(copy.refusal().find("Initialization") != std::string::npos);
    // The same track twice.
    const Bytes bytes = read_bytes(kGolden / "manifest.mpd");
    const std::string text(bytes.begin(), bytes.end());
    const std::size_t set = text.rfind("<AdaptationSet"), end = text.rfind("</Period>");
    copy.replace("</Period>", text.substr(set, end - set) + "</Period>");
    CHECK(copy.refusal().find("a track's number") != std::string::npos);
}
