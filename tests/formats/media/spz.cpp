#include "formats/splats/spz.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "formats/core/file.h"
#include "formats/splats/write_splats.h"
#include "tests/formats/media/random_cloud.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

TEST_CASE("spz: every version and SH degree gives the cloud that was written") {
    for (const int version : {2, 3, 4})
        for (int degree = 0; degree <= kMaxShDegree; ++degree) {
            CAPTURE(version);
            CAPTURE(degree);
            const SplatCloud cloud = random_cloud(300, degree, unsigned(10 * version + degree));
            const SplatFile read =
                parse_text(version == 4 ? spz4_contents(cloud) : gzip(spz_contents(cloud, version)), "a.spz");
            CHECK(read.unusable == 0);
            CHECK(read.cloud.sh_degree == degree);
            const Difference d = compare(cloud, read.cloud);
            CHECK(d.position <= 0.5f / 4096 + 1e-6f);
            CHECK(d.scale <= 1.0f / 32 + 1e-5f);
            CHECK(d.alpha <= 0.5f / 255 + 1e-5f);
            CHECK(d.colour <= 0.5f / 255 / 0.15f + 1e-5f);
            CHECK(d.rotation <= (version == 2 ? 0.15f : 0.004f));
            CHECK(d.detail <= 1.0f / 256 + 1e-6f);
        }
}

TEST_CASE("spz: bytes as the specification writes them") {
    std::string text = "NGSP";
    put_little(text, 3, 4), put_little(text, 1, 4);                  // version, count
    text += std::string("\x00\x08\x00\x00", 4);                      // degree 0, 8 fractional bits
    text += std::string("\x00\x01\x00\x00\xff\xff\x80\x00\x00", 9);  // 256, -256, 128: 1, -1, 0.5
    text += "\xff";                                                  // alpha 1
    text += std::string("\x80\x00\xff", 3);                          // colours
    text += std::string("\xa0\x50\x00", 3);                          // log-scales 0, -5, -10
    put_little(text, 3u << 30 | 511u << 20 | 1u << 9, 4);            // w largest, x = 1/√2, y = 0, z = -0
    const SplatCloud cloud = parse_text(gzip(text), "one").cloud;
    const auto at = [&](int channel) { return cloud.channel(channel)[0]; };
    CHECK(std::array{at(0), at(1), at(2)} == std::array{1.0f, 1.0f, -0.5f});
    CHECK(std::array{at(7), at(8), at(9)} == std::array{0.0f, -5.0f, -10.0f});
    CHECK(at(10) > 6);
    CHECK(std::isfinite(at(10)));
    CHECK(at(11) == doctest::Approx(0.5 / 255 / 0.15));
    CHECK(at(13) == doctest::Approx(0.5 / 0.15));
    CHECK(at(3) == doctest::Approx(std::sqrt(0.5)));
    CHECK(at(4) == doctest::Approx(std::sqrt(0.5)));
    CHECK(at(5) == 0);
}

TEST_CASE("spz: every truncation, and every lie of the header, is refused by what is wrong") {
    const std::string contents = spz_contents(random_cloud(7, 1, 5), 3), whole = gzip(contents);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(complaint(whole.substr(0, length), "cut.spz").empty());
    }
    const auto changed = [&](std::size_t at, char value) {
        std::string text = contents;
        text[at] = value;
        return complaint(gzip(text), "bad.spz");
    };
    CHECK(changed(0, 'X').find("magic") != std::string::npos);
    CHECK(changed(4, 1).find("version 1") != std::string::npos);
    CHECK(changed(4, 4).find("version 4") != std::string::npos);
    CHECK(changed(8, 8).find("truncated") != std::string::npos);
    CHECK(changed(8, 6).find("longer than its header says") != std::string::npos);
    CHECK(changed(11, 1).find("at most") != std::string::npos);  // 16,777,223 splats
    CHECK(changed(10, 127).find("cannot hold") != std::string::npos);
    CHECK(changed(12, 4).find("SH degree 4") != std::string::npos);
    CHECK(changed(13, 25).find("fractional bits") != std::string::npos);
    CHECK(complaint("something", "odd.spz").find("gzip") != std::string::npos);
    std::string damaged = whole;
    damaged[damaged.size() - 6] = char(damaged[damaged.size() - 6] + 1);  // the checksum
    CHECK(complaint(damaged, "bad.spz").find("damaged") != std::string::npos);
}

TEST_CASE("spz: random damage is refused or read, never worse") {
    const std::string contents = spz_contents(random_cloud(5, 2, 6), 2), whole = gzip(contents);
    const unsigned seed = 20260102;
    MESSAGE("seed ", seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 2000; ++round) {
        std::string text = round % 2 ? whole : contents;
        for (int i = 0; i < 3; ++i) text[random() % text.size()] = char(random());
        complaint(round % 2 ? text : gzip(text), "damaged.spz");
    }
}

TEST_CASE("spz: version 4, every truncation and every lie of its header and table") {
    const SplatCloud cloud = random_cloud(7, 1, 11);
    const std::string whole = spz4_contents(cloud);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(complaint(whole.substr(0, length), "cut.spz").empty());
    }
    const auto changed = [&](std::size_t at, char value) {
        std::string text = whole;
        text[at] = value;
        return complaint(text, "bad.spz");
    };
    CHECK(changed(4, 5).find("version 5") != std::string::npos);
    CHECK(changed(4, 3).find("version 3") != std::string::npos);
    CHECK(changed(8, 8).find("does not have") != std::string::npos);
    CHECK(changed(10, 127).find("cannot hold") != std::string::npos);
    CHECK(changed(11, 1).find("at most") != std::string::npos);
    CHECK(changed(12, 4).find("SH degree 4") != std::string::npos);
    CHECK_FALSE(changed(15, 5).empty());
    CHECK_FALSE(changed(15, 7).empty());
    CHECK(changed(16, 31).find("table") != std::string::npos);
    CHECK(changed(32, char(whole[32] + 1)).find("damaged") != std::string::npos);  // a stored size
    CHECK(changed(40, char(whole[40] + 1)).find("damaged") != std::string::npos);  // a raw size
    CHECK(complaint(whole + "x", "long.spz").find("longer") != std::string::npos);

    std::mt19937 random(20261122);
    for (int round = 0; round < 2000; ++round) {
        std::string text = whole;
        for (int i = 0; i < 3; ++i) text[random() % text.size()] = char(random());
        complaint(text, "damaged.spz");
    }
}

TEST_CASE("spz: extensions are skipped, but axes of its own are refused") {
    const SplatCloud cloud = random_cloud(7, 1, 12);
    std::string camera, axes;
    put_little(camera, 0xadbe0002u, 4), put_little(camera, 12, 4), put_little(camera, 0, 8);
    put_little(camera, 0, 4);
    put_little(axes, 0xadbe0003u, 4), put_little(axes, 4, 4);
    std::string usual = camera + axes, other = camera + axes, cut = camera + axes;
    put_little(usual, 4, 4), put_little(other, 6, 4);
    std::string contents = spz_contents(cloud, 3);
    contents[14] = 2;
    CHECK(parse_text(gzip(contents + usual), "a.spz").cloud.count == 7);
    CHECK(parse_text(spz4_contents(cloud, usual), "a.spz").cloud.count == 7);
    for (const std::string& file : {gzip(contents + other), spz4_contents(cloud, other)})
        CHECK(complaint(file, "a.spz").find("axes") != std::string::npos);
    for (const std::string& file : {gzip(contents + cut), spz4_contents(cloud, cut)})
        CHECK(complaint(file, "a.spz").find("damaged") != std::string::npos);
    CHECK(complaint(gzip(contents + std::string(100'000, '\0')), "a.spz").find("longer") !=
          std::string::npos);
}

TEST_CASE("spz: what is written is read again within the format's steps") {
    const TemporaryFolder folder;
    for (int degree = 0; degree <= kMaxShDegree; ++degree)
        for (const float size : {0.001f, 1.0f, 3000.0f, 4'000'000.0f}) {
            CAPTURE(degree);
            CAPTURE(size);
            SplatCloud cloud = random_cloud(300, degree, unsigned(degree));
            for (int a = 0; a < 3; ++a)
                for (float& v : cloud.channel(a)) v *= size;
            write_splats(folder / "a.SPZ", cloud);
            const SplatFile read = read_splats(folder / "a.SPZ");
            CHECK(read.unusable == 0);
            CHECK(read.cloud.sh_degree == degree);
            const Difference d = compare(cloud, read.cloud);
            CHECK(d.position <=
                  std::max({0.5f / (1 << 24), 0.5f / 65536 * size, size < 1000 ? 0 : size / 4'000'000}));
            CHECK(d.scale <= 1.0f / 32 + 1e-5f);
            CHECK(d.alpha <= 0.5f / 255 + 1e-5f);
            CHECK(d.colour <= 0.5f / 255 / 0.15f + 1e-5f);
            CHECK(d.rotation <= 0.004f);
            CHECK(d.detail <= 1.0f / 256 + 1e-6f);
        }
}

TEST_CASE("spz: what the format does not hold is clamped, and positions beyond it are refused") {
    const TemporaryFolder folder;
    SplatCloud cloud = random_cloud(2, 1, 3);
    cloud.channel(SplatCloud::kScale)[0] = -20, cloud.channel(SplatCloud::kScale)[1] = 9;
    cloud.channel(SplatCloud::kOpacity)[0] = -16, cloud.channel(SplatCloud::kOpacity)[1] = 16;
    cloud.channel(SplatCloud::kSh)[0] = -9, cloud.channel(SplatCloud::kSh)[1] = 9;
    cloud.channel(SplatCloud::kSh + 5)[0] = -3, cloud.channel(SplatCloud::kSh + 5)[1] = 3;
    write_spz(folder / "a.spz", cloud);
    const SplatCloud read = read_splats(folder / "a.spz").cloud;
    CHECK(read.channel(SplatCloud::kScale)[0] == -10);
    CHECK(read.channel(SplatCloud::kScale)[1] == doctest::Approx(255.0 / 16 - 10));
    CHECK(read.channel(SplatCloud::kOpacity)[0] < -6);
    CHECK(read.channel(SplatCloud::kOpacity)[1] > 6);
    CHECK(read.channel(SplatCloud::kSh)[0] == doctest::Approx(-0.5 / 0.15));
    CHECK(std::abs(read.channel(SplatCloud::kSh + 5)[1]) > 0.99f);
    cloud.channel(1)[1] = 4'200'000;
    CHECK_THROWS_AS(write_spz(folder / "b.spz", cloud), InputError);
    cloud.channel(1)[1] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_AS(write_spz(folder / "b.spz", cloud), InputError);
    CHECK_THROWS_AS(write_splats(folder / "b.splat", cloud), InputError);
    write_spz(folder / "empty.spz", SplatCloud(0, 2));
    CHECK(read_splats(folder / "empty.spz").cloud.count == 0);
}

TEST_CASE("spz: the same cloud gives the same bytes, with a header as the specification writes it") {
    const TemporaryFolder folder;
    SplatCloud cloud(1, 0);
    cloud.channel(0)[0] = 1, cloud.channel(1)[0] = 1, cloud.channel(2)[0] = -0.5f;
    cloud.channel(3)[0] = 1, cloud.channel(4)[0] = 1;
    write_spz(folder / "a.spz", cloud), write_spz(folder / "b.spz", cloud);
    const auto a = read_file(folder / "a.spz", 1000);
    CHECK(a == read_file(folder / "b.spz", 1000));
    std::string text = "NGSP";
    put_little(text, 3, 4), put_little(text, 1, 4);
    text += std::string("\x00\x0f\x00\x00", 4);                      // degree 0, 15 fractional bits
    text += std::string("\x00\x80\x00\x00\x80\xff\x00\x40\x00", 9);  // 32768, -32768, 16384
    text += "\x80";                                                  // alpha 1/2
    text += "\x80\x80\x80";                                          // colours
    text += "\xa0\xa0\xa0";                                          // log-scales 0
    put_little(text, 0u << 30 | 511u, 4);                            // x largest; y, z, w = 0, 0, 1/√2
    CHECK(gunzip({a.begin(), a.end()}) == text);
}
