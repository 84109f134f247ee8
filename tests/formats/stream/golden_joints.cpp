// The golden stream of joints and skin.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "formats/core/error.h"
#include "formats/stream/side.h"
#include "tests/formats/media/temporary_folder.h"
#include "tests/formats/stream/stream_files.h"

using namespace volumen;

namespace {

const std::filesystem::path kGolden = VOLUMEN_GOLDEN "/v1_joints";
/// Printed by make_golden when the stream was made.
const std::vector<std::uint32_t> kChecksums{0x427c0231, 0x21d5a06b, 0xf73057c5, 0x492ef189,
                                            0x59368de0, 0x281383ae, 0x45bb2210, 0x658e4a9f,
                                            0xee2bef38, 0xfe86cba5, 0xd2c155f0, 0xb882fe6c};
constexpr int kFrames = 12, kSecond = 7;

SplatCloud cloud_at(FrameDecoder& decoder, int frame) {
    decoder.seek(frame);
    const auto packed = decoder.next();
    REQUIRE(packed);
    REQUIRE(packed->index == frame);
    return reconstruct(*packed);
}

/// Whether a frame decodes; then it is the right one.
bool decodes(FrameDecoder& decoder, int frame) {
    decoder.seek(frame);
    std::optional<PackedFrame> packed;
    try {
        packed = decoder.next();
    } catch (const InputError&) {
        return false;
    }
    REQUIRE(packed);
    CHECK(integer_checksum(*packed) == kChecksums[std::size_t(frame)]);
    return true;
}

void write_flipped(const std::filesystem::path& file, Bytes bytes, std::size_t at) {
    bytes[at] ^= 0x10;
    write_bytes(file, bytes);
}

}  // namespace

TEST_CASE("golden joints: decodes to the same integers for ever") {
    CHECK(integer_checksums(kGolden) == kChecksums);
}

TEST_CASE("golden joints: what the stream says of itself") {
    const Stream stream = Stream::open(kGolden);
    CHECK(stream.frame_count() == kFrames);
    REQUIRE(stream.segments().size() == 2);
    CHECK(stream.segments()[1].first_frame == kSecond);
    const RungInfo& rung = stream.rungs()[0];
    CHECK(rung.profile == "dualgs");
    CHECK(rung.max_splats == 300);
    CHECK(rung.sh_degree == 1);
    const VerifyReport report = verify(kGolden);
    CHECK(report.problems.empty());
    CHECK(report.frames == kFrames);
    CHECK(report.segments == 2);
}

TEST_CASE("golden joints: splats are where they were when the stream was made") {
    // Means over all splats, which f32 leaves alone: x y z and opacity, of the first, a middle and the last
    // frame.
    constexpr int kChannels[] = {0, 1, 2, SplatCloud::kOpacity};
    struct Known {
        int frame;
        double mean[4];
    };
    constexpr Known kKnown[] = {{0, {0.0251395, 0.0118754, 0.68958, 2.19561}},
                                {5, {0.0930506, 0.00332443, 0.6948, 1.79175}},
                                {11, {0.0437154, -0.00768812, 0.665317, 1.64529}}};
    FrameDecoder decoder(Stream::open(kGolden), 0, HwAccel::none);
    for (const Known& known : kKnown) {
        const SplatCloud cloud = cloud_at(decoder, known.frame);
        for (std::size_t c = 0; c < 4; ++c) {
            double sum = 0;
            for (const float v : cloud.channel(kChannels[c])) sum += v;
            CAPTURE(known.frame);
            CHECK(sum / double(cloud.count) == doctest::Approx(known.mean[c]).epsilon(2e-5));
        }
    }
}

TEST_CASE("golden joints: 20 frames sought in random order are those of playing through, bit for bit") {
    const unsigned seed = std::random_device{}();
    MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    const Stream stream = Stream::open(kGolden);
    FrameDecoder through(stream, 0, HwAccel::none), sought(stream, 0, HwAccel::none);
    std::vector<SplatCloud> played;
    while (const auto frame = through.next()) played.push_back(reconstruct(*frame));
    REQUIRE(played.size() == kFrames);
    for (int i = 0; i < 20; ++i) {
        const int frame = int(random() % kFrames);
        CHECK(cloud_at(sought, frame).values == played[std::size_t(frame)].values);
        // And what follows a seek.
        if (frame + 1 < kFrames)
            CHECK(reconstruct(*sought.next()).values == played[std::size_t(frame) + 1].values);
    }
}

TEST_CASE("golden joints: a flipped byte costs its segment only, and the player's decoder goes on") {
    const TemporaryFolder folder;
    const auto copy = folder / "copy";
    std::filesystem::copy(kGolden, copy);
    const SideFile side = read_side_header(file_source(copy / "side.vol"));
    for (const bool video : {true, false}) {
        const auto file = copy / (video ? "atlas.mp4" : "side.vol");
        const Bytes whole = read_bytes(file);
        for (std::size_t damaged : {std::size_t(0), std::size_t(1)}) {
            const SegmentEntry& entry = side.segments[damaged];
            const std::size_t begin = std::size_t(video ? entry.video_offset : entry.side_offset);
            const std::size_t size = std::size_t(video ? entry.video_size : entry.side_size);
            const int lost = int(entry.first_frame), kept = damaged ? 0 : kSecond;
            // A prime: heads and contents of all chunks get their turn. A chunk's flags have bits that mean
            // nothing.
            int tried = 0, refused = 0;
            for (std::size_t at = 0; at < size; at += 97, ++tried) {
                write_flipped(file, whole, begin + at);
                FrameDecoder decoder(Stream::open(copy), 0, HwAccel::none);
                refused += !decodes(decoder, lost);
                CHECK(decodes(decoder, kept));
                decodes(decoder, lost + 1);
                CHECK(decodes(decoder, kept + 1));
            }
            CHECK(refused >= tried - 1);
            write_flipped(file, whole, begin + size / 2);
            const VerifyReport report = verify(copy);
            CHECK(report.problems.size() == 1);
            CHECK(report.frames == (damaged ? kSecond : kFrames - kSecond));
        }
        write_bytes(file, whole);
    }
}
