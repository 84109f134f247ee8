// A made-up model of joints and skin, packed, and everything that the stream gives back.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "encoder/pack/pack.h"
#include "encoder/pack/skin/skin_order.h"
#include "formats/core/error.h"
#include "formats/stream/reader.h"
#include "formats/stream/side.h"
#include "tests/encoder/pack/jointed.h"
#include "tests/formats/media/temporary_folder.h"
#include "tests/formats/stream/skin_reference.h"
#include "tests/formats/stream/stream_files.h"

using namespace volumen;

namespace {

constexpr std::size_t kSplats = 400, kJoints = 60;
const std::vector<int> kLengths{9, 6, 1};
constexpr int kFrames = 16;
/// Scene units, of a figure of two.
constexpr double kRmsPlace = 0.0025;

std::vector<glm::vec3> floats(const SplatCloud& cloud) {
    std::vector<glm::vec3> out;
    for (std::size_t i = 0; i < cloud.count; ++i) out.push_back(position(cloud, i));
    return out;
}

/// In which order the stream has the splats of a segment that begins with a frame of the model.
std::vector<std::size_t> coded_order(const std::filesystem::path& model, int first_frame) {
    const SplatCloud joints = read_ply(model_joints_path(model, first_frame));
    const auto order = morton_order(floats(joints));
    const SplatCloud splats = read_ply(model_frame_path(model, first_frame));
    return order_by_joint(floats(splats), floats(gather(joints, order))).order;
}

double alpha(float logit) {
    return 1 / (1 + std::exp(-double(logit)));
}

struct Errors {
    double place = 0, rms_place = 0, alpha = 0, rms_sh = 0;
    /// Of log-scales, which the cube's rotations rename, their sum.
    double volume = 0;
};

Errors compare(const SplatCloud& decoded, const SplatCloud& model) {
    Errors out;
    for (std::size_t i = 0; i < model.count; ++i) {
        const double off = glm::distance(position(decoded, i), position(model, i));
        out.place = std::max(out.place, off);
        out.rms_place += off * off / double(model.count);
        const auto logits = [i](const SplatCloud& c) { return c.channel(SplatCloud::kOpacity)[i]; };
        out.alpha = std::max(out.alpha, std::abs(alpha(logits(decoded)) - alpha(logits(model))));
        double volume = 0;
        for (int a = 0; a < 3; ++a)
            volume +=
                double(decoded.channel(SplatCloud::kScale + a)[i]) - model.channel(SplatCloud::kScale + a)[i];
        out.volume = std::max(out.volume, std::abs(volume));
        for (int k = 0; k < 3; ++k) {
            const double d =
                double(decoded.channel(SplatCloud::kSh + k)[i]) - model.channel(SplatCloud::kSh + k)[i];
            out.rms_sh += d * d / double(3 * model.count);
        }
    }
    out.rms_place = std::sqrt(out.rms_place), out.rms_sh = std::sqrt(out.rms_sh);
    return out;
}

}  // namespace

TEST_CASE("joints and skin: packed in every codec, splats are within their bounds of the model") {
    constexpr unsigned kSeed = 71;
    MESSAGE("seed " << kSeed);
    const TemporaryFolder folder;
    const auto model = folder / "model";
    write_jointed_model(model, kSplats, kJoints, 1, kLengths, kSeed);
    for (const std::string codec : {"h264", "hevc", "av1"}) {
        CAPTURE(codec);
        PackOptions options;
        options.codec = codec;
        pack(model, folder / codec, options);
        const Stream stream = Stream::open(folder / codec);
        CHECK(stream.frame_count() == kFrames);
        REQUIRE(stream.segments().size() == 3);
        CHECK(stream.rungs()[0].profile == "dualgs");
        FrameDecoder decoder(stream, 0, HwAccel::none);
        std::vector<std::size_t> order;
        for (int f = 0; f < kFrames; ++f) {
            CAPTURE(f);
            const auto frame = decoder.next();
            REQUIRE(frame);
            CHECK(frame->index == f);
            REQUIRE(frame->skin);
            if (frame->skin->first_frame == f) order = coded_order(model, f);
            const Errors e =
                compare(reconstruct(*frame), gather(read_ply(model_frame_path(model, f)), order));
            // Places, half a step of 1/4000 of about two units off for splats and 0.6 of two such steps for
            // joints, on three axes; a turn, 0.6 steps of 0.04 about three axes, at the 0.3 units over which
            // a joint reaches.
            CHECK(e.rms_place < kRmsPlace);
            CHECK(e.place < 2.0 / 4000 * 1.73 * (0.5 + 2 * 0.6) + 0.04 * 0.6 * 1.73 * 0.3);
            CHECK(e.alpha < 0.12);
            CHECK(e.volume < 0.6);
            CHECK(e.rms_sh < 0.12);
        }
        CHECK(!decoder.next());
        const VerifyReport report = verify(folder / codec);
        CHECK(report.problems.empty());
        CHECK(report.frames == kFrames);
    }
}

TEST_CASE("joints and skin: long segments are cut, and each part stands alone") {
    const TemporaryFolder folder;
    const auto model = folder / "model";
    write_jointed_model(model, 300, 150, 0, {20}, 72);
    PackOptions options;
    options.segment_frames = 8;
    pack(model, folder / "stream", options);
    const Stream stream = Stream::open(folder / "stream");
    REQUIRE(stream.segments().size() == 3);
    FrameDecoder decoder(stream, 0, HwAccel::none);
    for (const SegmentInfo& s : stream.segments()) {
        const auto order = coded_order(model, s.first_frame);
        const SplatCloud first = read_ply(model_frame_path(model, s.first_frame));
        const SplatCloud joints = read_ply(model_joints_path(model, s.first_frame));
        const Anchors anchors = anchor(places_of(first), places_of(joints));
        double lost = 0;
        decoder.seek(s.first_frame);
        for (int f = s.first_frame; f < s.first_frame + s.frame_count; ++f) {
            // Splats hang anew on the joints of each part's first frame.
            const SplatCloud now = read_ply(model_joints_path(model, f));
            const SplatCloud truth = read_ply(model_frame_path(model, f));
            std::vector<JointMotion> motion;
            for (std::size_t j = 0; j < joints.count; ++j)
                motion.push_back({position(joints, j), position(now, j),
                                  multiply(rotation(now, j), conjugate(rotation(joints, j)))});
            SplatCloud posed = truth;
            pose_skin(first, anchors, motion, posed);
            CHECK(compare(reconstruct(*decoder.next()), gather(posed, order)).rms_place < kRmsPlace);
            lost = std::max(lost, compare(posed, truth).rms_place);
        }
        MESSAGE("the part from frame "
                << s.first_frame << " on loses " << lost
                << " units where limbs meet, that one frame's anchors are not another's");
    }
}

TEST_CASE("joints and skin: 20 frames in random order are those of playing through, bit for bit") {
    const unsigned seed = std::random_device{}();
    MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    const TemporaryFolder folder;
    write_jointed_model(folder / "model", 150, 30, 2, kLengths, 73);
    pack(folder / "model", folder / "stream", {});
    const Stream stream = Stream::open(folder / "stream");
    FrameDecoder through(stream, 0, HwAccel::none), sought(stream, 0, HwAccel::none);
    std::vector<SplatCloud> played;
    while (const auto frame = through.next()) played.push_back(reconstruct(*frame));
    REQUIRE(played.size() == kFrames);
    for (int i = 0; i < 20; ++i) {
        const int frame = int(random() % kFrames);
        sought.seek(frame);
        CHECK(reconstruct(*sought.next()).values == played[std::size_t(frame)].values);
    }
}

TEST_CASE("joints and skin: the encoder's segments are what FORMAT.md says") {
    const TemporaryFolder folder;
    write_jointed_model(folder / "model", 200, 90, 3, {5, 3}, 74);
    pack(folder / "model", folder / "stream", {});
    const ByteSource source = file_source(folder / "stream" / "side.vol");
    const SideFile side = read_side_header(source);
    for (const SegmentEntry& entry : side.segments) {
        const Bytes bytes = source.read(entry.side_offset, entry.side_size);
        const SideHeader& h = side.header;
        const auto truth =
            reference_skin(bytes, {entry.splat_count, entry.frame_count, std::uint64_t(h.sh_degree),
                                   std::uint64_t(h.atlas_width), std::uint64_t(h.atlas_height)});
        REQUIRE(truth);
        const auto read = read_skin_segment(bytes, entry, h, "packed");
        REQUIRE(read->joint_count == truth->joint_count);
        bool same = read->luma_crc == truth->checksums;
        for (std::size_t at = 0; at < read->joints.size(); ++at)
            same &= read->joints[at] ==
                    truth->joints[at / kJointComponents / read->joint_count]
                                 [at / kJointComponents % read->joint_count][at % kJointComponents];
        for (std::size_t i = 0; i < read->splat_count; ++i) {
            for (std::size_t a = 0; a < 3; ++a) same &= read->place[3 * i + a] == truth->place[i][a];
            for (std::size_t degree = 0; degree < 4; ++degree)
                for (std::size_t f = 0; f < entry.frame_count; ++f)
                    same &= read->codebooks[degree].entry(i, int(f)) == truth->books[degree].used[f][i];
        }
        CHECK(same);
    }
}

TEST_CASE("joints and skin: splats that hang on fewer joints than eight, or on one") {
    for (const std::size_t joints : {1, 3}) {
        const TemporaryFolder folder;
        write_jointed_model(folder / "model", 40, joints, 0, {4}, 75);
        pack(folder / "model", folder / "stream", {});
        FrameDecoder decoder(Stream::open(folder / "stream"), 0, HwAccel::none);
        const auto order = coded_order(folder / "model", 0);
        for (int f = 0; f < 4; ++f) {
            const Errors e = compare(reconstruct(*decoder.next()),
                                     gather(read_ply(model_frame_path(folder / "model", f)), order));
            // Few joints reach far.
            CHECK(e.place < 0.005 + 0.02 * 0.87 * 1.8);
        }
    }
}

TEST_CASE("joints and skin: joints that are missing or not as many are named") {
    const TemporaryFolder folder;
    const auto model = folder / "model";
    write_jointed_model(model, 30, 6, 0, {3}, 76);
    write_ply(model_joints_path(model, 1), jointed_frames(30, 5, 0, 0, 1, 76).joints.front());
    try {
        pack(model, folder / "stream", {});
        FAIL("was packed");
    } catch (const InputError& error) {
        CHECK(std::string(error.what()).find("joints_000001.ply") != std::string::npos);
    }
    std::filesystem::remove(model_joints_path(model, 1));
    CHECK_THROWS_AS(pack(model, folder / "stream", {}), InputError);
    CHECK(!std::filesystem::exists(folder / "stream"));
}

TEST_CASE("parts of a rung: together all bytes; damage counts as the side file's") {
    const TemporaryFolder folder;
    write_jointed_model(folder / "model", 100, 20, 1, {4, 3}, 77);
    pack(folder / "model", folder / "stream", {});
    const auto side_file = folder / "stream" / "side.vol";
    const auto total = [&](const std::vector<TrackInfo>& parts) {
        std::uint64_t bytes = 0;
        for (const TrackInfo& part : parts) bytes += part.bytes;
        return bytes;
    };
    const std::uint64_t all =
        std::filesystem::file_size(side_file) + std::filesystem::file_size(folder / "stream" / "atlas.mp4");
    const std::vector<TrackInfo> whole = Stream::open(folder / "stream").parts(0);
    CHECK(total(whole) == all);
    const char* const ids[] = {"lookups", "joints", "skin", "means", "sh0", "sh1", "side"};
    REQUIRE(whole.size() == std::size(ids));
    for (std::size_t i = 0; i < whole.size(); ++i) CHECK(whole[i].id == ids[i]);
    // The first chunk's size, far too large.
    const SegmentEntry entry = read_side_header(file_source(side_file)).segments[0];
    Bytes bytes = read_bytes(side_file);
    bytes[std::size_t(entry.side_offset) + 11] = 0x7f;
    write_bytes(side_file, bytes);
    const std::vector<TrackInfo> damaged = Stream::open(folder / "stream").parts(0);
    CHECK(total(damaged) == all);
    CHECK(damaged.back().bytes >= whole.back().bytes + entry.side_size / 2);
}
