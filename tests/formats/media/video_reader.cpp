#include "formats/media/video_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "tests/formats/media/temporary_folder.h"
#include "tests/formats/media/video_writer.h"

using namespace volumen;

namespace {

constexpr std::array<std::array<int, 3>, 8> kColours{{{255, 255, 255},
                                                      {0, 0, 0},
                                                      {220, 30, 40},
                                                      {30, 200, 60},
                                                      {20, 40, 210},
                                                      {230, 210, 40},
                                                      {128, 128, 128},
                                                      {90, 150, 160}}};

/// Eight patches of 32 × 32, in two rows.
Image8 patches() {
    Image8 image(128, 64, 3);
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 128; ++x)
            for (std::size_t c = 0; c < 3; ++c)
                image.at(x, y)[c] = std::uint8_t(kColours[std::size_t(x / 32 + 4 * (y / 32))][c]);
    return image;
}

/// The largest difference in the middle of the patches.
int worst_difference(const Image8& image) {
    int worst = 0;
    for (int patch = 0; patch < 8; ++patch)
        for (int dy = -8; dy <= 8; ++dy)
            for (int dx = -8; dx <= 8; ++dx)
                for (std::size_t c = 0; c < 3; ++c)
                    worst = std::max(
                        worst, std::abs(image.at(32 * (patch % 4) + 16 + dx, 32 * (patch / 4) + 16 + dy)[c] -
                                        kColours[std::size_t(patch)][c]));
    return worst;
}

std::vector<Image8> numbered(int count) {
    std::vector<Image8> frames;
    for (int i = 0; i < count; ++i) frames.push_back(numbered_picture(i));
    return frames;
}

}  // namespace

TEST_CASE("colours come back by the file's own matrix and range") {
    const TemporaryFolder folder;
    for (const AVColorSpace matrix : {AVCOL_SPC_BT709, AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT2020_NCL})
        for (const AVColorRange range : {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG}) {
            VideoRecipe recipe;
            recipe.matrix = matrix, recipe.range = range;
            write_video(folder / "v.mp4", {patches(), patches()}, recipe);
            VideoReader reader(folder / "v.mp4");
            Image8 image;
            REQUIRE(reader.next(image));
            CAPTURE(int(matrix));
            CAPTURE(int(range));
            CHECK(worst_difference(image) <= 2);
        }
}

TEST_CASE("untagged video is limited BT.601 below 720 lines and BT.709 from there") {
    const TemporaryFolder folder;
    VideoRecipe recipe;
    recipe.tagged = false;
    recipe.matrix = AVCOL_SPC_SMPTE170M;
    write_video(folder / "small.mp4", {patches()}, recipe);
    Image8 image;
    REQUIRE(VideoReader(folder / "small.mp4").next(image));
    CHECK(worst_difference(image) <= 2);

    const Image8 small = patches();
    Image8 tall(128, 720, 3);
    for (int y = 0; y < 720; ++y) std::copy_n(small.at(0, std::min(y, 63)), 3 * 128, tall.at(0, y));
    recipe.matrix = AVCOL_SPC_BT709;
    write_video(folder / "tall.mp4", {tall}, recipe);
    REQUIRE(VideoReader(folder / "tall.mp4").next(image));
    CHECK(worst_difference(image) <= 2);
}

TEST_CASE("every frame is counted and comes in presentation order, also after seeking") {
    const TemporaryFolder folder;
    const std::vector<Image8> frames = numbered(47);
    struct Kind {
        const char* name;
        AVCodecID codec;
        int b_frames;
    };
    for (const Kind& kind : {Kind{"b.mp4", AV_CODEC_ID_H264, 2},
                             {"p.mkv", AV_CODEC_ID_H264, 0},
                             {"b.mkv", AV_CODEC_ID_H264, 3},
                             {"old.avi", AV_CODEC_ID_MPEG4, 0},
                             {"t.ts", AV_CODEC_ID_H264, 2},
                             {"raw.h264", AV_CODEC_ID_H264, 2}}) {
        CAPTURE(kind.name);
        VideoRecipe recipe;
        recipe.codec = kind.codec, recipe.b_frames = kind.b_frames;
        write_video(folder / kind.name, frames, recipe);
        VideoReader reader(folder / kind.name);
        CHECK(reader.frame_count() == 47);
        CHECK(reader.width() == 128);
        CHECK(reader.height() == 64);
        Image8 image;
        for (int i = 0; i < 47; ++i) {
            REQUIRE(reader.next(image));
            REQUIRE(number_in(image) == i);
        }
        CHECK_FALSE(reader.next(image));
        std::mt19937 random(4);
        for (int round = 0; round < 25; ++round) {
            const int wanted = int(random() % 47);
            reader.seek(wanted);
            for (int i = wanted; i < std::min(wanted + int(random() % 4), 47); ++i) {
                REQUIRE(reader.next(image));
                REQUIRE(number_in(image) == i);
            }
        }
        for (const int wanted : {46, 0, 10, 9, 11, 0}) {
            reader.seek(wanted);
            REQUIRE(reader.next(image));
            CHECK(number_in(image) == wanted);
        }
        CHECK_THROWS_AS(reader.seek(47), UsageError);
        CHECK_THROWS_AS(reader.seek(-1), UsageError);
    }
}

TEST_CASE("the frame rate is the file's fraction") {
    const TemporaryFolder folder;
    VideoRecipe recipe;
    recipe.fps = {30000, 1001};
    write_video(folder / "v.mp4", numbered(12), recipe);
    const FrameRate fps = VideoReader(folder / "v.mp4").fps();
    CHECK(fps.numerator == 30000);
    CHECK(fps.denominator == 1001);
}

TEST_CASE("the display rotation is applied") {
    const TemporaryFolder folder;
    Image8 marked(128, 64, 3);
    for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 16; ++x) marked.at(x, y)[0] = marked.at(x, y)[1] = marked.at(x, y)[2] = 255;
    // Where the top left corner goes when the picture is turned counter-clockwise.
    struct Turn {
        double degrees;
        int width, height, x, y;
    };
    for (const Turn& turn :
         {Turn{0, 128, 64, 0, 0}, {90, 64, 128, 0, 1}, {180, 128, 64, 1, 1}, {270, 64, 128, 1, 0}}) {
        CAPTURE(turn.degrees);
        VideoRecipe recipe;
        recipe.rotation = turn.degrees;
        write_video(folder / "v.mp4", {marked}, recipe);
        VideoReader reader(folder / "v.mp4");
        CHECK(reader.width() == turn.width);
        CHECK(reader.height() == turn.height);
        Image8 image;
        REQUIRE(reader.next(image));
        REQUIRE(image.width == turn.width);
        for (const int x : {0, 1})
            for (const int y : {0, 1}) {
                const int value = image.at(x ? image.width - 5 : 4, y ? image.height - 5 : 4)[0];
                CHECK((value > 200) == (x == turn.x && y == turn.y));
            }
    }
}

TEST_CASE("what is no video, or a damaged one, is an InputError") {
    const TemporaryFolder folder;
    CHECK_THROWS_AS(VideoReader(folder / "missing.mp4"), InputError);
    CHECK_THROWS_AS(VideoReader(folder.write("empty.mp4", "")), InputError);
    CHECK_THROWS_AS(VideoReader(folder.write("text.mp4", std::string(5000, 'x'))), InputError);
    CHECK_THROWS_AS(VideoReader(folder.write("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:4\nother.ts\n")),
                    InputError);

    write_video(folder / "v.mp4", numbered(20));
    const std::vector<std::uint8_t> bytes = read_file(folder / "v.mp4", 1 << 20);
    const std::string whole(bytes.begin(), bytes.end());
    const auto read_all = [&](const std::string& content) {
        try {
            VideoReader reader(folder.write("d.mp4", content));
            Image8 image;
            int frames = 0;
            while (reader.next(image)) {
                REQUIRE(image.pixels.size() == std::size_t(image.width) * image.height * 3);
                REQUIRE(++frames <= reader.frame_count());
            }
            return frames;
        } catch (const InputError&) {
            return -1;
        }
    };
    CHECK(read_all(whole) == 20);
    for (int part = 0; part < 20; ++part) {
        // The index stands at the end: without it, nothing.
        CHECK(read_all(whole.substr(0, whole.size() * std::size_t(part) / 20)) == -1);
    }
    const unsigned seed = 20260102;
    MESSAGE("seed ", seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 150; ++round) {
        std::string damaged = whole;
        for (int i = 0; i < 5; ++i) damaged[random() % damaged.size()] = char(random());
        read_all(damaged);
    }
}
