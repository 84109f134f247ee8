#include "formats/capture/readers/llff.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "tests/formats/capture/byte_text.h"
#include "tests/formats/media/rig_writer.h"
#include "tests/formats/media/video_writer.h"

using namespace volumen;

namespace {

struct NpyForm {
    int version = 1;
    bool doubles = true, big_endian = false, fortran = false;
};

/// An array as NumPy saves it. `values` have the last index running fastest.
std::string npy(const std::vector<double>& values, std::size_t rows, std::size_t columns, NpyForm form = {}) {
    std::string header = fmt::format("{{'descr': '{}f{}', 'fortran_order': {}, 'shape': ({}, {}), }}",
                                     form.big_endian ? '>' : '<', form.doubles ? 8 : 4,
                                     form.fortran ? "True" : "False", rows, columns);
    const std::size_t fixed = 8 + (form.version == 1 ? 2 : 4);
    header.append(63 - (fixed + header.size()) % 64, ' ').push_back('\n');
    std::string out = "\x93NUMPY";
    out += char(form.version), out += '\0';
    out +=
        form.version == 1 ? bytes_of(std::uint16_t(header.size())) : bytes_of(std::uint32_t(header.size()));
    out += header;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double value = values[form.fortran ? i % rows * columns + i / rows : i];
        out += form.doubles ? bytes_of(value, form.big_endian) : bytes_of(float(value), form.big_endian);
    }
    return out;
}

/// A camera's row: 3 × 5 by rows (down, right, backward, place; height, width, focal length), near, far.
std::vector<double> llff_row(const Camera& camera) {
    const glm::mat3 axes = glm::transpose(camera.rotation);  // right, down, forward
    const glm::vec3 columns[4] = {axes[1], axes[0], -axes[2], camera.centre()};
    const float size[3] = {float(camera.height), float(camera.width), camera.fx};
    std::vector<double> row;
    for (int r = 0; r < 3; ++r) {
        for (const glm::vec3& column : columns) row.push_back(column[r]);
        row.push_back(size[r]);
    }
    row.push_back(1), row.push_back(9);
    return row;
}

std::vector<double> ring_rows(int count, int width, int height) {
    std::vector<double> rows;
    for (int view = 0; view < count; ++view) {
        const std::vector<double> row = llff_row(ring_camera(view, count, width, height));
        rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
}

void check_camera(const Camera& got, const Camera& expected) {
    for (int i = 0; i < 3; ++i) CHECK(glm::length(got.rotation[i] - expected.rotation[i]) < 1e-5f);
    CHECK(glm::length(got.translation - expected.translation) < 1e-5f);
    CHECK(got.fx == doctest::Approx(expected.fx));
    CHECK(got.cx == expected.cx);
    CHECK(got.cy == expected.cy);
}

std::string npy_complaint(const std::string& bytes) {
    try {
        parse_npy(as_bytes(bytes), "the.npy");
        return "";
    } catch (const InputError& error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE(".npy: every version, width, byte order and index order give the same array") {
    const std::vector<double> values{1, -2.5, 3, 4, 5.25, -6};
    for (const int version : {1, 2, 3})
        for (const bool doubles : {true, false})
            for (const bool big : {true, false})
                for (const bool fortran : {true, false}) {
                    const NpyArray array =
                        parse_npy(as_bytes(npy(values, 2, 3, {version, doubles, big, fortran})), "a");
                    CHECK(array.shape == std::vector<std::size_t>{2, 3});
                    CHECK(array.values == values);
                }
    // As NumPy 1.24 wrote it: np.save(f, np.array([1.5], '<f4')).
    std::string saved = "\x93NUMPY\x01";
    saved += '\0', saved += "\x76", saved += '\0';
    saved += "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
    saved.append(128 - saved.size() - 1, ' ').push_back('\n');
    CHECK(parse_npy(as_bytes(saved + bytes_of(1.5f)), "a").values == std::vector<double>{1.5});
}

TEST_CASE(".npy: what is not such an array is refused") {
    const std::string good = npy({1, 2, 3, 4}, 2, 2);
    for (std::size_t size = 0; size < good.size(); ++size)
        CHECK_FALSE(npy_complaint(good.substr(0, size)).empty());
    CHECK(npy_complaint(good + "x").find("cut short or damaged") != std::string::npos);
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string out = good;
        return out.replace(out.find(from), from.size(), to);
    };
    CHECK(npy_complaint(with("<f8", "<i8")).find("neither float32 nor float64") != std::string::npos);
    CHECK(npy_complaint(with("<f8", "|O1")).find("neither float32 nor float64") != std::string::npos);
    CHECK(npy_complaint(with("'descr'", "'discr'")).find("has no descr") != std::string::npos);
    CHECK(npy_complaint(with("(2, 2)", "(2,-2)")).find("shape") != std::string::npos);
    CHECK(npy_complaint(with("(2, 2), }        ", "(99999, 99999), }")).find("more than") !=
          std::string::npos);
    CHECK(npy_complaint(with("(2, 2), }      ", "(9223372036854775808, 4), }").substr(0, good.size()))
              .find("more than") != std::string::npos);
    std::string newer = good;
    newer[6] = 9;
    CHECK(npy_complaint(newer).find("version 9") != std::string::npos);
    CHECK(npy_complaint("PK\x03\x04").find("not an array") != std::string::npos);
}

TEST_CASE("LLFF's axes: down, right, backward") {
    // A camera at (0, 0, 5) that looks along -z with y up: its down is -y, its right x, its backward z.
    const std::vector<double> row{0,  1, 0, 0, 480,  //
                                  -1, 0, 0, 0, 640,  //
                                  0,  0, 1, 5, 500, 0.5, 20};
    const RigView view = llff_views({{1, 17}, row}, {"cam00.mp4"}, "poses_bounds.npy")[0];
    CHECK(view.camera.width == 640);
    CHECK(view.camera.height == 480);
    CHECK(glm::length(view.camera.centre() - glm::vec3(0, 0, 5)) < 1e-6f);
    CHECK(glm::length(view.camera.forward() - glm::vec3(0, 0, -1)) < 1e-6f);
    // (1, 2, 0) is to the right of the middle and above it.
    const glm::vec3 seen = view.camera.to_camera({1, 2, 0});
    CHECK(500 * seen.x / seen.z + 320 == doctest::Approx(420));
    CHECK(500 * seen.y / seen.z + 240 == doctest::Approx(40));
}

TEST_CASE("poses_bounds.npy beside videos, whose rate it is") {
    const TemporaryFolder folder;
    for (int view = 0; view < 3; ++view) {
        std::vector<Image8> pictures;
        for (int i = 0; i < 4; ++i) pictures.push_back(numbered_picture(16 * view + i));
        VideoRecipe recipe;
        recipe.fps = {30000, 1001};
        write_video(folder / fmt::format("cam{:02}.mp4", view), pictures, recipe);
    }
    folder.write("poses_bounds.npy", npy(ring_rows(3, 128, 64), 3, 17));
    for (const auto& path : {folder.path(), folder / "poses_bounds.npy"}) {
        const Capture capture = Capture::open(path);
        REQUIRE(capture.views().size() == 3);
        CHECK(capture.frame_count() == 4);
        CHECK(capture.info().fps.numerator == 30000);
        for (int view = 0; view < 3; ++view) {
            check_camera(capture.views()[std::size_t(view)].camera, ring_camera(view, 3, 128, 64));
            CHECK(number_in(capture.read(view, 3).rgb) == 16 * view + 3);
        }
    }
    folder.write("poses_bounds.npy", npy(ring_rows(4, 128, 64), 4, 17));
    CHECK_THROWS_WITH_AS(Capture::open(folder.path()),
                         doctest::Contains("has 4 poses, but there are 3 videos"), InputError);
    folder.write("poses_bounds.npy", npy(ring_rows(3, 128, 64), 17, 3));
    CHECK_THROWS_WITH_AS(Capture::open(folder.path()), doctest::Contains("N x 17"), InputError);
    std::vector<double> bad = ring_rows(3, 128, 64);
    bad[17 + 3] = std::numeric_limits<double>::quiet_NaN();
    folder.write("poses_bounds.npy", npy(bad, 3, 17));
    CHECK_THROWS_WITH_AS(Capture::open(folder.path()), doctest::Contains("row 1 (cam01.mp4): pose holds nan"),
                         InputError);
    bad = ring_rows(3, 128, 64);
    for (std::size_t r = 0; r < 3; ++r) bad[5 * r] *= -1;
    folder.write("poses_bounds.npy", npy(bad, 3, 17));
    CHECK_THROWS_WITH_AS(Capture::open(folder.path()), doctest::Contains("row 0 (cam00.mp4): pose mirrors"),
                         InputError);
}

TEST_CASE("poses_bounds.npy beside images: still, in folders a frame, in folders a camera") {
    const auto check = [](const char* pattern, int frames) {
        CAPTURE(pattern);
        const TemporaryFolder folder;
        for (int view = 0; view < 3; ++view)
            for (int frame = 0; frame < frames; ++frame)
                put_image(folder / fmt::format(fmt::runtime(pattern), fmt::arg("view", view),
                                               fmt::arg("frame", frame)),
                          flat_image(16, 12, {frame, view, 0}));
        folder.write("poses_bounds.npy", npy(ring_rows(3, 16, 12), 3, 17, {.version = 2, .doubles = false}));
        const Capture capture = Capture::open(folder.path());
        CHECK(capture.frame_count() == frames);
        for (int view = 0; view < 3; ++view) {
            check_camera(capture.views()[std::size_t(view)].camera, ring_camera(view, 3, 16, 12));
            const ViewImage image = capture.read(view, frames - 1);
            CHECK(int(image.rgb.at(0, 0)[0]) == frames - 1);
            CHECK(int(image.rgb.at(0, 0)[1]) == view);
        }
    };
    check("images/IMG_{view}.png", 1);
    check("images/{frame}/cam{view:02}.png", 3);
    check("cam{view:02}/{frame:04}.png", 3);
    check("cam{view:02}/images/{frame:04}.png", 3);
}
