#include "formats/capture/readers/colmap.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "tests/formats/capture/colmap_writer.h"
#include "tests/formats/media/rig_writer.h"
#include "tests/formats/media/video_writer.h"

using namespace volumen;

namespace {

constexpr ColmapForm kForms[] = {ColmapForm::binary, ColmapForm::text};

ColmapTables tables(ColmapForm form, const std::vector<ColmapLens>& lenses,
                    const std::vector<ColmapPose>& poses) {
    return form == ColmapForm::binary ? colmap_binary(lenses, poses) : colmap_text(lenses, poses);
}

const char* extension(ColmapForm form) {
    return form == ColmapForm::binary ? ".bin" : ".txt";
}

const ColmapLens kPinhole{1, 1, "PINHOLE", 16, 12, {20, 21, 8.5, 6.25}};

Camera camera_of(int view) {
    Camera camera = ring_camera(view, 4, 16, 12);
    camera.fx = 20, camera.fy = 21, camera.cx = 8.5f, camera.cy = 6.25f;
    return camera;
}

void check_pose(const Camera& got, const Camera& expected) {
    for (int i = 0; i < 3; ++i) CHECK(glm::length(got.rotation[i] - expected.rotation[i]) < 1e-6f);
    CHECK(glm::length(got.translation - expected.translation) < 1e-5f);
}

/// What is said of a table.
std::string complaint(auto parse, const std::string& bytes, ColmapForm form) {
    try {
        parse(as_bytes(bytes), form, std::string("the table"));
        return "";
    } catch (const InputError& error) {
        return error.what();
    }
}

std::vector<ColmapPose> ring_poses(const std::string& suffix) {
    std::vector<ColmapPose> poses;
    // Registered in another order than their names'.
    for (const int view : {2, 0, 3, 1})
        poses.emplace_back(std::uint32_t(10 + view), 1, std::to_string(view) + suffix, camera_of(view));
    return poses;
}

}  // namespace

TEST_CASE("every lens model, with its parameters where they belong, binary and text") {
    const double f = 20, x = 8.5, y = 6.25;
    const auto lens_of = [&](int id, const char* name, std::vector<double> parameters, bool fisheye = false) {
        for (const ColmapForm form : kForms) {
            CAPTURE(name);
            const ColmapTables t = tables(form, {{5, id, name, 16, 12, parameters}}, {});
            const ColmapCameras cameras = parse_colmap_cameras(as_bytes(t.cameras), form, "cameras");
            REQUIRE(cameras.size() == 1);
            const ColmapCamera& camera = cameras.at(5);
            CHECK(camera.intrinsics.width == 16);
            CHECK(camera.intrinsics.height == 12);
            CHECK(camera.intrinsics.fx == f);
            CHECK(camera.intrinsics.fy == (parameters[1] == x ? f : 21));
            CHECK(camera.intrinsics.cx == x);
            CHECK(camera.intrinsics.cy == y);
            CHECK(camera.distortion.fisheye == fisheye);
            if (form == ColmapForm::text) return camera.distortion;
        }
        return Distortion{};
    };
    CHECK(lens_of(0, "SIMPLE_PINHOLE", {f, x, y}).none());
    CHECK(lens_of(1, "PINHOLE", {f, 21, x, y}).none());
    CHECK(lens_of(2, "SIMPLE_RADIAL", {f, x, y, 0.1}).k1 == 0.1);
    CHECK(lens_of(3, "RADIAL", {f, x, y, 0.1, 0.2}).k2 == 0.2);
    const Distortion brown = lens_of(4, "OPENCV", {f, 21, x, y, 0.1, 0.2, 0.3, 0.4});
    CHECK(brown.k1 == 0.1);
    CHECK(brown.k2 == 0.2);
    CHECK(brown.p1 == 0.3);
    CHECK(brown.p2 == 0.4);
    CHECK(brown.k3 == 0);
    const Distortion fish = lens_of(5, "OPENCV_FISHEYE", {f, 21, x, y, 0.1, 0.2, 0.3, 0.4}, true);
    CHECK(fish.k3 == 0.3);
    CHECK(fish.k4 == 0.4);
    CHECK(fish.p1 == 0);
    const Distortion full = lens_of(6, "FULL_OPENCV", {f, 21, x, y, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8});
    CHECK(full.k2 == 0.2);
    CHECK(full.p2 == 0.4);
    CHECK(full.k3 == 0.5);
    CHECK(full.k4 == 0.6);
    CHECK(full.k6 == 0.8);
}

TEST_CASE("lens models that are not read are refused by name") {
    for (const ColmapForm form : kForms) {
        const ColmapTables fov = tables(form, {{3, 7, "FOV", 16, 12, {20, 21, 8, 6, 1}}}, {});
        CHECK(complaint(parse_colmap_cameras, fov.cameras, form)
                  .find("the camera model FOV is not supported") != std::string::npos);
        const ColmapTables prism = tables(form, {{3, 10, "THIN_PRISM_FISHEYE", 16, 12, {}}}, {});
        CHECK(complaint(parse_colmap_cameras, prism.cameras, form)
                  .find("THIN_PRISM_FISHEYE is not supported") != std::string::npos);
        const ColmapTables new_one = tables(form, {{3, 99, "QUANTUM", 16, 12, {}}}, {});
        CHECK(complaint(parse_colmap_cameras, new_one.cameras, form)
                  .find(form == ColmapForm::binary ? "number 99 is not supported"
                                                   : "QUANTUM is not supported") != std::string::npos);
    }
}

TEST_CASE("poses and points of both forms, views by name, wherever the model lies") {
    for (const ColmapForm form : kForms)
        for (const char* model : {"sparse/0", "sparse", "colmap/sparse/0", "."}) {
            CAPTURE(model);
            const TemporaryFolder folder;
            write_colmap(folder, model, tables(form, {kPinhole}, ring_poses(".png")), extension(form));
            for (int view = 0; view < 4; ++view)
                put_image(folder / ("images/" + std::to_string(view) + ".png"),
                          flat_image(16, 12, {view, 1, 2}));
            const auto table = folder / (std::string(model) + "/images" + extension(form));
            for (const std::filesystem::path& path : {folder.path(), table}) {
                const Capture capture = Capture::open(path);
                REQUIRE(capture.views().size() == 4);
                CHECK(capture.warnings().empty());
                CHECK(capture.frame_count() == 1);
                for (int view = 0; view < 4; ++view) {
                    check_pose(capture.views()[std::size_t(view)].camera, camera_of(view));
                    CHECK(capture.views()[std::size_t(view)].camera.fy == 21);
                    CHECK(int(capture.read(view, 0).rgb.at(3, 3)[0]) == view);
                }
                REQUIRE(capture.points());
                CHECK(capture.points()->positions == std::vector<float>{0, 0.5, 1, 1, 1.5, 2});
                CHECK(capture.points()->colours == std::vector<float>{1, 0, 0, 0.2f, 0.2f, 0.2f});
            }
        }
}

TEST_CASE("frames in folders, videos, and masks beside the images, with COLMAP's poses") {
    const TemporaryFolder folder;
    write_colmap(folder, "sparse/0", colmap_binary({kPinhole}, ring_poses(".png")), ".bin");
    for (int frame = 3; frame < 6; ++frame)
        for (int view = 0; view < 4; ++view) {
            put_image(folder / fmt::format("images/{:04}/{}.png", frame, view),
                      flat_image(16, 12, {frame, view, 2}));
            put_image(folder / fmt::format("masks/{:04}/{}.png", frame, view),
                      flat_image(16, 12, {50 * view}));
        }
    const Capture frames = Capture::open(folder.path());
    CHECK(frames.frame_count() == 3);
    CHECK(frames.has_masks());
    CHECK(int(frames.read(2, 1).rgb.at(0, 0)[0]) == 4);
    CHECK(int(frames.read(2, 1).rgb.at(0, 0)[1]) == 2);
    CHECK(int(frames.read(2, 1).alpha.at(0, 0)[0]) == 100);
    REQUIRE(frames.warnings().size() == 1);
    CHECK(frames.warnings()[0].find("images/0003") != std::string::npos);

    const TemporaryFolder filmed;
    ColmapLens lens{1, 1, "PINHOLE", 128, 64, {150, 150, 64, 32}};
    write_colmap(filmed, "sparse/0", colmap_text({lens}, ring_poses(".jpg")), ".txt");
    for (int view = 0; view < 4; ++view) {
        std::vector<Image8> pictures;
        for (int i = 0; i < 5; ++i) pictures.push_back(numbered_picture(16 * view + i));
        VideoRecipe recipe;
        recipe.fps = {25, 1};
        write_video(filmed / (std::to_string(view) + ".mp4"), pictures, recipe);
    }
    const Capture videos = Capture::open(filmed.path());
    CHECK(videos.frame_count() == 5);
    CHECK(videos.info().fps.numerator == 25);
    CHECK(number_in(videos.read(3, 4).rgb) == 52);
    check_pose(videos.views()[3].camera, camera_of(3));
}

TEST_CASE("what is wrong in a model is said by table and entry") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const ColmapForm form : kForms) {
        const auto image_says = [&](const ColmapPose& pose, const char* expected) {
            const std::string said = complaint(parse_colmap_images, tables(form, {}, {pose}).images, form);
            CAPTURE(said);
            CHECK(said.find(expected) != std::string::npos);
            CHECK(said.find("image 7 (cam.png)") != std::string::npos);
        };
        const ColmapPose good(7, 1, "cam.png", camera_of(1));
        CHECK(complaint(parse_colmap_images, tables(form, {}, {good}).images, form).empty());
        ColmapPose bad = good;
        bad.q[1] = nan;
        image_says(bad, "quaternion");
        bad = good;
        for (double& v : bad.q) v *= 1.1;
        image_says(bad, "quaternion");
        bad = good, bad.t[2] = nan;
        image_says(bad, "nan");
        bad = good, bad.t[2] = std::numeric_limits<double>::infinity();
        image_says(bad, "inf");
        bad = good, bad.t[0] = 1e9;
        image_says(bad, "beyond");

        const auto camera_says = [&](ColmapLens lens, const char* expected) {
            const std::string said = complaint(parse_colmap_cameras, tables(form, {lens}, {}).cameras, form);
            CAPTURE(said);
            CHECK(said.find(expected) != std::string::npos);
        };
        ColmapLens lens = kPinhole;
        lens.parameters[0] = nan;
        camera_says(lens, "focal length is nan");
        lens = kPinhole, lens.parameters[1] = -3;
        camera_says(lens, "focal length is -3");
        lens = kPinhole, lens.parameters[3] = 1e9;
        camera_says(lens, "principal point");
        lens = kPinhole, lens.width = 0;
        camera_says(lens, "0 x 12");
        lens = kPinhole, lens.width = 1 << 20;
        camera_says(lens, "1048576 x 12");
        CHECK(complaint(parse_colmap_cameras, tables(form, {kPinhole, kPinhole}, {}).cameras, form)
                  .find("occurs twice") != std::string::npos);

        const std::vector<ColmapPose> twice{good, {8, 1, "cam.png", camera_of(2)}};
        const std::string images = tables(form, {}, twice).images;
        CHECK_THROWS_WITH_AS(colmap_views({{1, {}}}, parse_colmap_images(as_bytes(images), form, "images")),
                             doctest::Contains("two views need two names"), InputError);
        CHECK_THROWS_WITH_AS(colmap_views({{2, {}}}, parse_colmap_images(as_bytes(images), form, "images")),
                             doctest::Contains("no camera 1"), InputError);
    }
    CHECK(complaint(parse_colmap_cameras, "1 PINHOLE 16 12 20 21 8", ColmapForm::text)
              .find("line 1: ends early") != std::string::npos);
    CHECK(complaint(parse_colmap_cameras, "1 PINHOLE 16 12 20 21 8 6 5", ColmapForm::text)
              .find("here are more") != std::string::npos);
    CHECK(complaint(parse_colmap_cameras, "1 PINHOLE wide 12", ColmapForm::text).find("\"wide\"") !=
          std::string::npos);
    CHECK(complaint(parse_colmap_points, "1 0 0 nan 0 0 0", ColmapForm::text).find("point 0 is damaged") !=
          std::string::npos);
}

TEST_CASE("binary tables cut short anywhere, lying counts, random damage: refused, never worse") {
    const ColmapTables good =
        colmap_binary({kPinhole, {2, 2, "", 16, 12, {20, 8, 6, 0.1}}}, ring_poses(".png"));
    const auto every_prefix = [](auto parse, const std::string& bytes) {
        CHECK(complaint(parse, bytes, ColmapForm::binary).empty());
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            CAPTURE(size);
            CHECK_FALSE(complaint(parse, bytes.substr(0, size), ColmapForm::binary).empty());
        }
        std::string lying = bytes;
        lying.replace(0, 8, bytes_of(std::uint64_t(1) << 60));
        CHECK(complaint(parse, lying, ColmapForm::binary).find("at most") != std::string::npos);
    };
    every_prefix(parse_colmap_cameras, good.cameras);
    every_prefix(parse_colmap_images, good.images);
    every_prefix(parse_colmap_points, good.points);
    std::string lying = good.points;
    lying.replace(8 + 8 + 24 + 3 + 8, 8, bytes_of(std::uint64_t(1) << 61));  // a track's length
    CHECK(complaint(parse_colmap_points, lying, ColmapForm::binary).find("more than the file holds") !=
          std::string::npos);

    const unsigned seed = 20260211;
    MESSAGE("seed ", seed);
    std::mt19937 random(seed);
    const ColmapTables text = colmap_text({kPinhole}, ring_poses(".png"));
    for (int round = 0; round < 2000; ++round)
        for (const ColmapForm form : kForms) {
            ColmapTables bad = form == ColmapForm::binary ? good : text;
            for (std::string* bytes : {&bad.cameras, &bad.images, &bad.points})
                for (int i = 0; i < 3; ++i) (*bytes)[random() % bytes->size()] = char(random());
            complaint(parse_colmap_cameras, bad.cameras, form);
            complaint(parse_colmap_images, bad.images, form);
            complaint(parse_colmap_points, bad.points, form);
        }
}

TEST_CASE("names sort by the numbers in them") {
    CHECK(natural_less("cam2.png", "cam10.png"));
    CHECK_FALSE(natural_less("cam10.png", "cam2.png"));
    CHECK(natural_less("a", "b"));
    CHECK(natural_less("a", "a1"));
    CHECK(natural_less("1", "01") != natural_less("01", "1"));
    CHECK_FALSE(natural_less("x7y", "x7y"));
    CHECK(natural_less("9", "a"));
}
