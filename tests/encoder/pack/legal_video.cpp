// Every video that is written is one that NVDEC, VA-API and Vulkan Video list.
#include <doctest/doctest.h>

#include <cstdlib>

#include "encoder/pack/atlas.h"
#include "encoder/pack/video_encoder.h"
#include "formats/stream/source.h"
#include "formats/stream/video.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

namespace {

/// Encodes grey pictures; returns what the file's decoder configuration says, as in the manifest.
VideoInfo written(const std::string& codec, int width, int height, FrameRate fps, int quantiser) {
    const TemporaryFolder folder;
    const VideoSettings settings{codec, quantiser, width, height, fps};
    const std::size_t samples = std::size_t(width) * std::size_t(height);
    EncodedSegment segment = encode_segment(Pictures(1, std::vector<std::uint8_t>(samples, 128)), settings);
    segment.frames = 1;
    Mp4Writer writer(folder / "video.mp4", settings);
    writer.add(segment);
    writer.finish();
    const ByteSource source = file_source(folder / "video.mp4");
    return read_video_info(source.read(0, read_mp4_index(source).init_size), source.name);
}

/// RFC 6381: "avc1.PPCCLL", "hvc1.PROFILE.COMPATIBILITY.TIERLEVEL.…", "av01.PROFILE.LEVELTIER.BITS".
void check_listed(const std::string& codec) {
    CAPTURE(codec);
    if (codec.starts_with("avc1.")) {
        CHECK(codec.substr(5, 2) == "64");  // High
        CHECK(codec.substr(7, 2) == "00");  // no constraints, so 8 bits of 4:2:0
        CHECK(std::stoi(codec.substr(9, 2), nullptr, 16) <= 51);
    } else if (codec.starts_with("hvc1.")) {
        CHECK(codec.substr(5, 2) == "1.");  // Main
        const std::size_t tier = codec.find(".L");
        REQUIRE(tier != codec.npos);
        CHECK(std::stoi(codec.substr(tier + 2)) <= 153);  // 30 × 5.1
    } else {
        REQUIRE(codec.starts_with("av01."));
        CHECK(codec.substr(5, 2) == "0.");           // Main
        CHECK(std::stoi(codec.substr(7, 2)) <= 13);  // 5.1
        CHECK(codec.substr(9) == "M.08");
    }
}

}  // namespace

TEST_CASE("profile and level are ones that hardware lists, at every size and rate") {
    struct {
        int width, height;
        FrameRate fps;
    } const kVideos[] = {{256, 256, {30, 1}}, {4096, 2048, {30, 1}}, {2048, 2048, {60000, 1001}}};
    for (const char* codec : {"h264", "hevc", "av1"})
        for (const auto& [width, height, fps] : kVideos) {
            // The others' levels have room for twice the rate.
            if (fps.value() > 30 && codec != std::string("h264")) continue;
            const VideoInfo info = written(codec, width, height, fps, 20);
            CHECK(info.width == width);
            CHECK(info.height == height);
            check_listed(info.codec);
        }
}

TEST_CASE("the finest and the coarsest quantiser stay within the profile") {
    for (const char* codec : {"h264", "hevc", "av1"})
        for (const int quantiser : {1, 51}) check_listed(written(codec, 512, 256, {30, 1}, quantiser).codec);
}

TEST_CASE("what fit_atlas makes stays within the level, whatever the frame rate") {
    for (const FrameRate fps :
         {FrameRate{24000, 1001}, FrameRate{30, 1}, FrameRate{60, 1}, FrameRate{120, 1}})
        for (const std::size_t splats : {1000u, 60'000u, 200'000u}) {
            const AtlasShape shape = fit_atlas(splats, 1, fps);
            CHECK(double(shape.width) * shape.picture_height() * fps.value() <= kEveryDecoder.max_rate);
        }
}
