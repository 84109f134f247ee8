#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "formats/core/error.h"
#include "formats/splats/describe.h"
#include "formats/splats/ply.h"
#include "formats/splats/read_splats.h"
#include "tests/formats/media/random_cloud.h"
#include "tests/formats/media/sog_writers.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

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
    CHECK(parse_text(spz4_contents(cloud), "renamed.sog").cloud.count == 3);
    CHECK(parse_text(zip(sog_files(cloud)), "renamed.spz").cloud.count == 3);
    CHECK(complaint("PK\3\4", "a.sog").find("ZIP") != std::string::npos);
    CHECK(complaint("something", "a.sog").find("ZIP") != std::string::npos);
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
    CHECK(has_splat_extension("a.SOG"));
    CHECK_FALSE(has_splat_extension("a.zip"));
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
