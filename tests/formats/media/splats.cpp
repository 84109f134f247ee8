#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "formats/core/error.h"
#include "formats/splats/describe.h"
#include "formats/splats/ply.h"
#include "formats/splats/read_splats.h"
#include "tests/formats/media/splat_writers.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

namespace {

SplatCloud random_cloud(std::size_t count, int degree, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> unit(-0.9f, 0.9f);
    SplatCloud cloud(count, degree);
    for (float& v : cloud.values) v = unit(random);
    for (int a = 0; a < 3; ++a)
        for (float& v : cloud.channel(SplatCloud::kScale + a)) v = -4 + normal(random);
    for (int q = 0; q < 4; ++q)
        for (float& v : cloud.channel(SplatCloud::kRotation + q)) v = normal(random);
    for (float& v : cloud.channel(SplatCloud::kOpacity)) v = 2 * normal(random);
    return cloud;
}

SplatFile parse_text(const std::string& text, const std::string& name) {
    return parse_splats({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, name);
}

std::string complaint(const std::string& text, const std::string& name) {
    try {
        parse_text(text, name);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

/// Largest difference of a channel, rotations as angles' sines.
struct Difference {
    float position = 0, scale = 0, alpha = 0, colour = 0, rotation = 0, detail = 0;
};
Difference compare(const SplatCloud& a, const SplatCloud& b) {
    REQUIRE(a.count == b.count);
    Difference d;
    const auto far = [&](int c, std::size_t i) { return std::abs(a.channel(c)[i] - b.channel(c)[i]); };
    for (std::size_t i = 0; i < a.count; ++i) {
        for (int k = 0; k < 3; ++k) {
            d.position = std::max(d.position, far(k, i));
            d.scale = std::max(d.scale, far(SplatCloud::kScale + k, i));
            d.colour = std::max(d.colour, far(SplatCloud::kSh + k, i));
        }
        const auto alpha = [&](const SplatCloud& c) {
            return 1 / (1 + std::exp(-c.channel(SplatCloud::kOpacity)[i]));
        };
        d.alpha = std::max(d.alpha, std::abs(alpha(a) - alpha(b)));
        const std::vector<double> p = xyzw(a, i), q = xyzw(b, i);
        const double dot = p[0] * q[0] + p[1] * q[1] + p[2] * q[2] + p[3] * q[3];
        d.rotation = std::max(d.rotation, float(std::sqrt(std::max(0.0, 1 - dot * dot))));
        for (int c = SplatCloud::kSh + 3; c < std::min(a.channels(), b.channels()); ++c)
            d.detail = std::max(d.detail, far(c, i));
    }
    return d;
}

}  // namespace

TEST_CASE("spz: versions 2 and 3 of every SH degree give the cloud that was written") {
    for (const int version : {2, 3})
        for (int degree = 0; degree <= kMaxShDegree; ++degree) {
            CAPTURE(version);
            CAPTURE(degree);
            const SplatCloud cloud = random_cloud(300, degree, unsigned(10 * version + degree));
            const SplatFile read = parse_text(gzip(spz_contents(cloud, version)), "a.spz");
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
    CHECK(changed(14, 2).find("extensions") != std::string::npos);
    CHECK(complaint("NGSP....", "new.spz").find("version 4 or later") != std::string::npos);
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

TEST_CASE("splat: 32 bytes a splat") {
    const SplatCloud cloud = random_cloud(300, 0, 8);
    const Difference d = compare(cloud, parse_text(splat_contents(cloud), "A.SPLAT").cloud);
    CHECK(d.position == 0);
    CHECK(d.scale < 1e-5f);
    CHECK(d.alpha <= 0.5f / 255 + 1e-5f);
    CHECK(d.colour <= 0.5f / 255 / 0.282f + 1e-5f);
    CHECK(d.rotation < 0.02f);
    CHECK(complaint(std::string(33, 'a'), "a.splat").find("truncated") != std::string::npos);
    // A rotation of 128 four times has length zero.
    std::string text = splat_contents(cloud);
    for (std::size_t k = 28; k < 32; ++k) text[k] = char(128);
    const SplatFile read = parse_text(text, "a.splat");
    CHECK(read.unusable == 1);
    CHECK(read.cloud.count == 299);
    CHECK(read.cloud.channel(0)[0] == cloud.channel(0)[1]);
}

TEST_CASE("what cannot be drawn is left out and counted; flat and opaque splats are kept") {
    const TemporaryFolder folder;
    constexpr float kInf = std::numeric_limits<float>::infinity();
    SplatCloud cloud = random_cloud(10, 1, 9);
    cloud.channel(0)[1] = std::numeric_limits<float>::quiet_NaN();
    cloud.channel(SplatCloud::kSh + 4)[2] = -kInf;
    cloud.channel(SplatCloud::kScale)[3] = kInf;
    cloud.channel(SplatCloud::kScale + 1)[4] = 50;
    for (int q = 0; q < 4; ++q) cloud.channel(SplatCloud::kRotation + q)[5] = 0;
    cloud.channel(2)[6] = 3e30f;
    cloud.channel(SplatCloud::kOpacity)[7] = kInf;
    cloud.channel(SplatCloud::kScale + 2)[8] = -kInf;
    write_ply(folder / "a.ply", cloud);
    const SplatFile read = read_splats(folder / "a.ply");
    CHECK(read.unusable == 6);
    REQUIRE(read.cloud.count == 4);
    CHECK(read.cloud.channel(0)[1] == cloud.channel(0)[7]);
    CHECK(read.cloud.channel(SplatCloud::kOpacity)[1] == 16);
    CHECK(read.cloud.channel(SplatCloud::kScale + 2)[2] == -20);
    for (const float v : read.cloud.values) CHECK(std::isfinite(v));
}

TEST_CASE("which kind a file is its first bytes say; other kinds are refused by name") {
    const SplatCloud cloud = random_cloud(3, 0, 1);
    CHECK(parse_text(gzip(spz_contents(cloud, 3)), "renamed.ply").cloud.count == 3);
    CHECK(complaint("PK\3\4", "a.sog").find("ZIP") != std::string::npos);
    CHECK(complaint("", "a.ply").find("not a PLY") != std::string::npos);
    CHECK(complaint("hello", "a.txt").find("not a splat file") != std::string::npos);
    CHECK(complaint(
              "ply\nformat binary_little_endian 1.0\nelement chunk 0\nproperty float min_x\n"
              "element vertex 0\nproperty uint packed_position\nproperty uint packed_rotation\nend_header\n",
              "a.compressed.ply")
              .find("compressed PLY") != std::string::npos);
    CHECK(has_splat_extension("a/b.PLY"));
    CHECK(has_splat_extension("a.splat"));
    CHECK(has_splat_extension("a.spz"));
    CHECK_FALSE(has_splat_extension("a.sog"));
}

TEST_CASE("bounds leave strays out, and the made-up view sees the whole") {
    SplatCloud cloud = random_cloud(1000, 0, 2);
    cloud.channel(0)[17] = 1e6f;
    Bounds bounds;
    bounds.add(cloud);
    bounds.add(SplatCloud(0, 0));
    CHECK(bounds.high.x < 1);
    const TakeInfo take = describe_take(bounds, {0, -1, 0});
    CHECK(take.floor == doctest::Approx(-bounds.high.y));
    CHECK(take.view_eye.z < bounds.low.z);
    TakeInfo fast = take;
    fast.fps = {60, 1}, fast.metres_per_unit = 0.5;
    const TakeInfo again = turned(fast, {0, 0, 1});
    CHECK(again.up.z == 1);
    CHECK(again.floor == doctest::Approx(bounds.low.z));
    CHECK(again.fps.numerator == 60);
    CHECK(again.metres_per_unit == 0.5);
}
