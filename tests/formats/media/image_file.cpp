#include "formats/media/image_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/media/ffmpeg.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

namespace {

Image8 noise(int width, int height, int channels, unsigned seed) {
    std::mt19937 random(seed);
    Image8 image(width, height, channels);
    for (std::uint8_t& value : image.pixels) value = std::uint8_t(random());
    return image;
}

/// Encodes raw rows of any pixel format that FFmpeg's encoder takes; `palette` (256 ARGB) for pal8.
std::string encode_raw(AVCodecID id, AVPixelFormat format, int width, int height, const std::string& rows,
                       const std::string& palette = "") {
    const AVCodec* codec = avcodec_find_encoder(id);
    REQUIRE(codec);
    const CodecContextPtr encoder(avcodec_alloc_context3(codec));
    encoder->width = width, encoder->height = height, encoder->time_base = {1, 25};
    encoder->pix_fmt = format;
    REQUIRE(avcodec_open2(encoder.get(), codec, nullptr) == 0);
    const FramePtr frame = new_frame();
    frame->width = width, frame->height = height, frame->format = format;
    REQUIRE(av_frame_get_buffer(frame.get(), 0) == 0);
    const std::size_t row = rows.size() / std::size_t(height);
    for (int y = 0; y < height; ++y)
        std::copy_n(rows.data() + std::size_t(y) * row, row, frame->data[0] + y * frame->linesize[0]);
    if (!palette.empty()) std::copy_n(palette.data(), palette.size(), frame->data[1]);
    const PacketPtr packet = new_packet();
    REQUIRE(avcodec_send_frame(encoder.get(), frame.get()) == 0);
    REQUIRE(avcodec_receive_packet(encoder.get(), packet.get()) == 0);
    return {reinterpret_cast<const char*>(packet->data), std::size_t(packet->size)};
}

}  // namespace

TEST_CASE("PNG keeps every pixel; grey comes back as RGB") {
    const TemporaryFolder folder;
    for (const int channels : {1, 3, 4}) {
        const Image8 image = noise(37, 23, channels, unsigned(channels));
        write_image(folder / "image.png", image);
        const Image8 back = read_image(folder / "image.png");
        REQUIRE(back.width == 37);
        REQUIRE(back.height == 23);
        REQUIRE(back.channels == (channels == 4 ? 4 : 3));
        if (channels != 1) {
            CHECK(back.pixels == image.pixels);
        } else {
            for (int y = 0; y < 23; ++y)
                for (int x = 0; x < 37; ++x)
                    for (int c = 0; c < 3; ++c) REQUIRE(back.at(x, y)[c] == image.at(x, y)[0]);
        }
    }
}

TEST_CASE("16-bit PNGs are rounded to 8 bits, palettes looked up, grey with alpha spread") {
    const TemporaryFolder folder;
    const auto read = [&](const std::string& bytes) { return read_image(folder.write("i.png", bytes)); };
    std::string deep;
    for (const unsigned value : {0u, 128u, 129u, 32767u, 65406u, 65407u}) {
        deep += char(value >> 8);
        deep += char(value);
    }
    // 257 levels a step: 128 rounds down, 129 up.
    CHECK(read(encode_raw(AV_CODEC_ID_PNG, AV_PIX_FMT_RGB48BE, 2, 1, deep)).pixels ==
          std::vector<std::uint8_t>{0, 0, 1, 127, 254, 255});
    const Image8 grey = read(encode_raw(AV_CODEC_ID_PNG, AV_PIX_FMT_GRAY16BE, 3, 1, deep.substr(6)));
    CHECK(grey.pixels == std::vector<std::uint8_t>{127, 127, 127, 254, 254, 254, 255, 255, 255});
    const Image8 soft = read(encode_raw(AV_CODEC_ID_PNG, AV_PIX_FMT_YA8, 2, 1, "\x10\x80\x20\xff"));
    CHECK(soft.pixels == std::vector<std::uint8_t>{16, 16, 16, 128, 32, 32, 32, 255});

    std::string palette(1024, '\0');
    const auto set = [&](std::size_t i, std::uint32_t argb) {
        std::memcpy(palette.data() + 4 * i, &argb, 4);
    };
    for (std::size_t i = 0; i < 256; ++i) set(i, 0xff000000u);
    set(1, 0xff102030u), set(2, 0xff405060u);
    CHECK(read(encode_raw(AV_CODEC_ID_PNG, AV_PIX_FMT_PAL8, 2, 1, "\x01\x02", palette)).pixels ==
          std::vector<std::uint8_t>{16, 32, 48, 64, 80, 96});
    set(2, 0x80405060u);
    CHECK(read(encode_raw(AV_CODEC_ID_PNG, AV_PIX_FMT_PAL8, 2, 1, "\x01\x02", palette)).pixels ==
          std::vector<std::uint8_t>{16, 32, 48, 255, 64, 80, 96, 128});
}

TEST_CASE("JPEG colours survive: full range, BT.601") {
    const TemporaryFolder folder;
    for (const auto& rgb : {std::array<int, 3>{255, 255, 255},
                                  {0, 0, 0},
                                  {255, 0, 0},
                                  {0, 255, 0},
                                  {0, 0, 255},
                                  {200, 120, 40},
                                  {16, 235, 128}}) {
        Image8 image(64, 48, 3);
        for (std::size_t i = 0; i < image.pixels.size(); i += 3)
            image.pixels[i] = std::uint8_t(rgb[0]), image.pixels[i + 1] = std::uint8_t(rgb[1]),
            image.pixels[i + 2] = std::uint8_t(rgb[2]);
        write_image(folder / "flat.jpg", image);
        const Image8 back = read_image(folder / "flat.jpg");
        REQUIRE(back.pixels.size() == image.pixels.size());
        for (std::size_t i = 0; i < image.pixels.size(); ++i) {
            CAPTURE(rgb[0]);
            CAPTURE(rgb[1]);
            CAPTURE(rgb[2]);
            REQUIRE(std::abs(int(back.pixels[i]) - int(image.pixels[i])) <= 2);
        }
    }
}

TEST_CASE("damaged and missing images are InputErrors that name the file") {
    const TemporaryFolder folder;
    const auto refused = [](const std::filesystem::path& file) {
        try {
            read_image(file);
            return false;
        } catch (const InputError& error) {
            return std::string(error.what()).find(file.string()) != std::string::npos;
        }
    };
    CHECK(refused(folder / "missing.png"));
    CHECK(refused(folder.write("empty.png", "")));
    CHECK(refused(folder.write("text.png", "hello")));
    for (const char* extension : {".png", ".jpg"}) {
        const std::vector<std::uint8_t> bytes = encode_image(noise(64, 64, 3, 5), extension);
        const std::string whole(bytes.begin(), bytes.end());
        for (const std::size_t part : {10u, 30u, 50u, 90u})
            CHECK_MESSAGE(refused(folder.write("cut.img", whole.substr(0, whole.size() * part / 100))),
                          extension, " cut to ", part, " %");
        std::mt19937 random(1);
        for (int round = 0; round < 200; ++round) {
            std::string damaged = whole;
            for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = char(random());
            try {
                const Image8 image = read_image(folder.write("damaged.img", damaged));
                CHECK(image.pixels.size() == std::size_t(image.width) * image.height * image.channels);
            } catch (const InputError&) {
            }
        }
    }
    CHECK_THROWS_AS(write_image(folder / "a.gif", Image8(2, 2, 3)), UsageError);
    CHECK_THROWS_AS(write_image(folder / "a.jpg", Image8(2, 2, 4)), UsageError);
    CHECK_THROWS_AS(write_image(folder / "no" / "a.png", Image8(2, 2, 3)), InputError);
}

TEST_CASE("shrinking averages areas, exactly at the edges too") {
    Image8 image(5, 1, 1);
    image.pixels = {0, 100, 200, 50, 250};
    // 2.5 pixels each: (0 + 100 + 200/2) / 2.5 and (200/2 + 50 + 250) / 2.5.
    CHECK(resize(image, 2, 1).pixels == std::vector<std::uint8_t>{80, 160});
    CHECK(resize(image, 1, 1).pixels == std::vector<std::uint8_t>{120});
    Image8 column(1, 4, 3);
    column.pixels = {0, 10, 20, 2, 30, 40, 100, 50, 60, 200, 70, 80};
    CHECK(resize(column, 1, 2).pixels == std::vector<std::uint8_t>{1, 20, 30, 150, 60, 70});
    const Image8 big = noise(90, 61, 3, 9);
    const Image8 small = resize(big, 30, 61);
    for (int y = 0; y < 61; ++y)
        for (int x = 0; x < 30; ++x)
            for (int c = 0; c < 3; ++c) {
                const double mean =
                    (big.at(3 * x, y)[c] + big.at(3 * x + 1, y)[c] + big.at(3 * x + 2, y)[c]) / 3.0;
                REQUIRE(std::abs(small.at(x, y)[c] - mean) <= 0.51);
            }
}

TEST_CASE("transparent colour does not bleed into a shrunk image") {
    Image8 image(2, 1, 4);
    image.pixels = {200, 100, 50, 255, 0, 255, 0, 0};
    CHECK(resize(image, 1, 1).pixels == std::vector<std::uint8_t>{200, 100, 50, 128});
    image.pixels = {200, 100, 50, 255, 100, 0, 150, 85};
    CHECK(resize(image, 1, 1).pixels == std::vector<std::uint8_t>{175, 75, 75, 170});
}

TEST_CASE("growth is bilinear and keeps flat images flat") {
    Image8 image(2, 1, 1);
    image.pixels = {0, 200};
    CHECK(resize(image, 4, 2).pixels == std::vector<std::uint8_t>{0, 50, 150, 200, 0, 50, 150, 200});
    Image8 flat(7, 5, 3);
    std::fill(flat.pixels.begin(), flat.pixels.end(), std::uint8_t(93));
    for (const auto& [w, h] : {std::pair{3, 2}, {13, 11}, {7, 1}, {1, 40}})
        for (const std::uint8_t value : resize(flat, w, h).pixels) REQUIRE(value == 93);
    CHECK_THROWS_AS(resize(flat, 0, 5), UsageError);
    CHECK_THROWS_AS(resize(flat, 1 << 20, 5), UsageError);
}
