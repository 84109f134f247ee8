#include "formats/splats/ply.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <random>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

namespace {

SplatCloud random_cloud(std::size_t count, int degree, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    SplatCloud cloud(count, degree);
    for (float& value : cloud.values) value = normal(random);
    return cloud;
}

std::string text_of(const std::filesystem::path& file) {
    const std::vector<std::uint8_t> bytes = read_file(file, 1 << 20);
    return {bytes.begin(), bytes.end()};
}

template <class T>
void put(std::string& out, T value, bool big_endian) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    if (big_endian == (std::endian::native == std::endian::little)) std::reverse(raw, raw + sizeof(T));
    out.append(raw, sizeof(T));
}

/// What reading says, or "" when it succeeds.
template <class Read>
std::string complaint(Read read) {
    try {
        read();
        return "";
    } catch (const InputError& error) {
        return error.what();
    }
}

const char* const kSplatProperties =
    "property float opacity\nproperty double x\nproperty float y\nproperty float z\nproperty uchar tag\n"
    "property float rot_0\nproperty float rot_1\nproperty float rot_2\nproperty float rot_3\n"
    "property float scale_0\nproperty float scale_1\nproperty float scale_2\n"
    "property short f_dc_0\nproperty float f_dc_1\nproperty float f_dc_2\n";

}  // namespace

TEST_CASE("a written PLY reads back bit for bit, at every SH degree") {
    const TemporaryFolder folder;
    for (int degree = 0; degree <= kMaxShDegree; ++degree) {
        const SplatCloud cloud = random_cloud(2500, degree, 7u + unsigned(degree));
        write_ply(folder / "cloud.ply", cloud);
        const SplatCloud back = read_ply(folder / "cloud.ply");
        CHECK(back.count == cloud.count);
        CHECK(back.sh_degree == degree);
        CHECK(back.values == cloud.values);
    }
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()),
                        std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("the written layout is the reference trainer's, f_rest channel-major") {
    const TemporaryFolder folder;
    SplatCloud cloud(1, 1);
    for (std::size_t i = 0; i < cloud.values.size(); ++i) cloud.values[i] = float(i + 1);
    write_ply(folder / "one.ply", cloud);
    const std::string text = text_of(folder / "one.ply");
    std::string header = "ply\nformat binary_little_endian 1.0\nelement vertex 1\n";
    for (const char* name :
         {"x",        "y",        "z",        "nx",       "ny",       "nz",       "f_dc_0",
          "f_dc_1",   "f_dc_2",   "f_rest_0", "f_rest_1", "f_rest_2", "f_rest_3", "f_rest_4",
          "f_rest_5", "f_rest_6", "f_rest_7", "f_rest_8", "opacity",  "scale_0",  "scale_1",
          "scale_2",  "rot_0",    "rot_1",    "rot_2",    "rot_3"})
        header += std::string("property float ") + name + "\n";
    header += "end_header\n";
    REQUIRE(text.substr(0, header.size()) == header);
    std::string body;
    // Position 1-3; normals; dc 12-14; red's coefficients 15 18 21, green's, blue's; opacity; scale;
    // rotation.
    for (int v : {1, 2, 3, 0, 0, 0, 12, 13, 14, 15, 18, 21, 16, 19, 22, 17, 20, 23, 11, 8, 9, 10, 4, 5, 6, 7})
        put(body, float(v), false);
    CHECK(text.substr(header.size()) == body);
}

TEST_CASE("any order, mixed types, unknown properties and elements, both byte orders and ascii") {
    const TemporaryFolder folder;
    const auto check = [&](const std::filesystem::path& file) {
        const SplatCloud cloud = read_ply(file);
        REQUIRE(cloud.count == 2);
        CHECK(cloud.sh_degree == 0);
        CHECK(cloud.channel(SplatCloud::kPosition)[1] == 1.5f);
        CHECK(cloud.channel(SplatCloud::kPosition + 1)[1] == 12);
        CHECK(cloud.channel(SplatCloud::kOpacity)[0] == 0);
        CHECK(cloud.channel(SplatCloud::kOpacity)[1] == 10);
        CHECK(cloud.channel(SplatCloud::kRotation)[1] == 14);
        CHECK(cloud.channel(SplatCloud::kScale + 2)[1] == 20);
        CHECK(cloud.channel(SplatCloud::kSh)[1] == -300);
        CHECK(cloud.channel(SplatCloud::kSh + 2)[1] == 23);
    };
    for (const bool big : {false, true}) {
        std::string file = std::string("ply\r\nformat binary_") + (big ? "big" : "little") +
                           "_endian 1.0\r\ncomment by hand\nelement face 2\n"
                           "property list uchar int vertex_indices\nproperty ushort m\nelement vertex 2\n" +
                           kSplatProperties + "end_header\n";
        for (int face = 0; face < 2; ++face) {
            put(file, std::uint8_t(face + 1), big);
            for (int i = 0; i <= face; ++i) put(file, std::int32_t(i), big);
            put(file, std::uint16_t(9), big);
        }
        for (int row = 0; row < 2; ++row) {
            const float base = float(10 * row);
            put(file, base, big);
            put(file, 1.5 * row, big);
            for (float v : {2.0f, 3.0f}) put(file, base + v, big);
            put(file, std::uint8_t(255), big);
            for (float v : {4.0f, 5.0f, 6.0f, 7.0f, 8.0f, 9.0f, 10.0f}) put(file, base + v, big);
            put(file, std::int16_t(-300 * row), big);
            for (float v : {12.0f, 13.0f}) put(file, base + v, big);
        }
        check(folder.write("binary.ply", file));
    }
    check(folder.write("ascii.ply",
                       std::string("ply\nformat ascii 1.0\nelement face 1\nproperty list uchar int i\n"
                                   "element vertex 2\n") +
                           kSplatProperties +
                           "end_header\n3 0 1 2\n0 0 2 3 255 4 5 6 7 8 9 10 0 12 13\n"
                           "10 +1.5 12 13 255 1.4e1 15 16 17 18 19 20 -300 22 23"));
}

TEST_CASE("NaN, Inf and a rotation of length zero are refused with the splat's index") {
    const TemporaryFolder folder;
    SplatCloud cloud = random_cloud(700, 1, 3);
    const auto read = [&] {
        write_ply(folder / "bad.ply", cloud);
        return complaint([&] { read_ply(folder / "bad.ply"); });
    };
    CHECK(read().empty());
    cloud.channel(SplatCloud::kSh + 4)[612] = std::numeric_limits<float>::quiet_NaN();
    CHECK(read().find("vertex 612: property f_rest_3 is NaN or infinite") != std::string::npos);
    cloud.channel(SplatCloud::kSh + 4)[612] = 0;
    cloud.channel(SplatCloud::kScale)[5] = std::numeric_limits<float>::infinity();
    CHECK(read().find("vertex 5: property scale_0") != std::string::npos);
    cloud.channel(SplatCloud::kScale)[5] = 0;
    for (int q = 0; q < 4; ++q) cloud.channel(SplatCloud::kRotation + q)[699] = 0;
    CHECK(read().find("vertex 699: the rotation has length zero") != std::string::npos);
}

TEST_CASE("hostile headers are refused for what is wrong with them") {
    const TemporaryFolder folder;
    const auto says = [&](const std::string& text, const char* expected) {
        const std::string said = complaint([&] { read_ply(folder.write("bad.ply", text)); });
        CAPTURE(text);
        CAPTURE(said);
        CHECK(said.find(expected) != std::string::npos);
    };
    const std::string begin = "ply\nformat binary_little_endian 1.0\n";
    const std::string vertex = std::string(kSplatProperties) + "end_header\n";
    says("", "not a PLY");
    says("obj\n", "not a PLY");
    says(begin + "element vertex 1\n", "no end_header");
    says(begin + std::string(100000, '\n') + "end_header\n", "no end_header");
    says("ply\nelement vertex 1\n" + vertex, "no format");
    says("ply\nformat ascii 2.0\n", "line 2");
    says(begin + "element vertex 18446744073709551615\n" + vertex, "at most");
    says(begin + "element vertex 99999999999999999999999\n" + vertex, "line 3: the count is not a number");
    says(begin + "element vertex -1\n" + vertex, "the count is not a number");
    says(begin + "element vertex 16000000\n" + vertex, "truncated");
    says(begin + "element vertex 1\n" + vertex + "short", "truncated");
    says(begin + "element face 9000000000000000000\nproperty int a\nelement vertex 0\n" + vertex,
         "truncated");
    says(begin + "element face 5\nproperty list int int a\nelement vertex 0\n" + vertex + "\xff\xff\xff\xff",
         "truncated");
    says(begin + "element face 5\nproperty list float int a\n", "counted in floats");
    says(begin + "element vertex 1\nproperty list uchar float x\n" + vertex, "occurs twice");
    says(begin + "element vertex 0\nproperty quad w\n" + vertex, "unknown type");
    says(begin + "property float x\n", "before any element");
    says(begin + "element point 0\n" + vertex, "no vertex element");
    says(begin + "element vertex 0\nproperty float f_rest_0\n" + vertex, "1 f_rest properties");
    says(begin + "element vertex 0\nproperty float x\nend_header\n", "no property y");
    says("ply\nformat ascii 1.0\nelement vertex 1\n" + vertex + "1 2 3 4 5 6 7 8 nine 10 11 12 13 14 15",
         "property rot_3 is not a number");
    says("ply\nformat ascii 1.0\nelement vertex 1\n" + vertex + "1 inf 3 4 5 6 7 8 9 10 11 12 13 14 15",
         "NaN or infinite");
    CHECK(complaint([&] { read_ply(folder / "missing.ply"); }).find("no such file") != std::string::npos);
    CHECK(complaint([&] { read_ply(folder.path()); }).find("not a regular file") != std::string::npos);
}

TEST_CASE("every truncation is refused; random corruption is refused or read, never worse") {
    const TemporaryFolder folder;
    write_ply(folder / "whole.ply", random_cloud(9, 1, 11));
    const std::string whole = text_of(folder / "whole.ply");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(complaint([&] {
                        read_ply(folder.write("cut.ply", std::string_view(whole).substr(0, length)));
                    }).empty());
    }
    const unsigned seed = 20260101;
    MESSAGE("seed ", seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 1000; ++round) {
        std::string damaged = whole;
        const int hits = 1 + int(random() % 4);
        for (int i = 0; i < hits; ++i) damaged[random() % damaged.size()] = char(random());
        const std::filesystem::path file = folder.write("damaged.ply", damaged);
        complaint([&] {
            const SplatCloud cloud = read_ply(file);
            CHECK(cloud.values.size() == cloud.count * std::size_t(cloud.channels()));
        });
        complaint([&] { read_points_ply(file); });
    }
}

TEST_CASE("points come with colours where the file has them") {
    const TemporaryFolder folder;
    const std::string head =
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\n"
        "property float z\n";
    const PointCloud plain = read_points_ply(folder.write("p.ply", head + "end_header\n1 2 3\n4 5 6\n"));
    CHECK(plain.count() == 2);
    CHECK(plain.positions == std::vector<float>{1, 2, 3, 4, 5, 6});
    CHECK(plain.colours.empty());
    const PointCloud coloured = read_points_ply(
        folder.write("c.ply", head + "property uchar red\nproperty uchar green\nproperty uchar blue\n"
                                     "end_header\n1 2 3 255 0 51\n4 5 6 0 255 0\n"));
    CHECK(coloured.positions == plain.positions);
    CHECK(coloured.colours == std::vector<float>{1, 0, 0.2f, 0, 1, 0});
}
