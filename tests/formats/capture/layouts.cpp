// The layouts that captures come in, each written here.
#include <doctest/doctest.h>

#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "tests/formats/capture/colmap_writer.h"
#include "tests/formats/media/rig_writer.h"

using namespace volumen;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr int kViews = 4, kFrames = 3;

/// transforms.json whose entries name their images as `pattern` says.
json transforms(const char* pattern) {
    json rig;
    for (int view = 0; view < kViews; ++view)
        rig["frames"].push_back(
            rig_entry(fmt::format(fmt::runtime(pattern), fmt::arg("view", view), fmt::arg("frame", 0)),
                      ring_camera(view, kViews, 16, 12)));
    return rig;
}

/// Images of frames `first` on, red is the frame, green the view.
void put_images(const TemporaryFolder& folder, const char* pattern, int first = 0) {
    for (int frame = 0; frame < kFrames; ++frame)
        for (int view = 0; view < kViews; ++view)
            put_image(folder / fmt::format(fmt::runtime(pattern), fmt::arg("view", view),
                                           fmt::arg("frame", first + frame)),
                      flat_image(16, 12, {frame, view, 9}));
}

/// All images are those of their frame and view, and cameras those of the ring; returns what was warned of.
std::string check(const fs::path& path, int frames = kFrames) {
    const Capture capture = Capture::open(path);
    CHECK(capture.frame_count() == frames);
    REQUIRE(capture.views().size() == kViews);
    for (int view = 0; view < kViews; ++view) {
        const Camera& camera = capture.views()[std::size_t(view)].camera;
        CHECK(glm::length(camera.centre() - ring_camera(view, kViews, 16, 12).centre()) < 1e-4f);
        for (int frame = 0; frame < frames; ++frame) {
            const ViewImage image = capture.read(view, frame);
            CHECK(int(image.rgb.at(0, 0)[0]) == frame);
            CHECK(int(image.rgb.at(0, 0)[1]) == view);
        }
    }
    std::string all;
    for (const std::string& line : capture.warnings()) all += line + "\n";
    return all;
}

}  // namespace

TEST_CASE("HiFi4G and DualGS: one transforms.json whose file_path may disagree with the folders") {
    for (const char* images :
         {"image_white/{frame}/{view}.png", "image_white_undistortion/{frame}/{view}.png",
          "image_undistortion_white/{frame}/{view}.png", "images/{frame:06}/{view}.png"}) {
        CAPTURE(images);
        const TemporaryFolder folder;
        put_images(folder, images);
        const std::string place =
            fs::path(fmt::format(fmt::runtime(images), fmt::arg("view", 0), fmt::arg("frame", 0)))
                .parent_path()
                .string();
        for (const char* named :
             {"images/{view}.png", "image/0/{view}.png", "{view}.jpg", "./0/images/{view}"}) {
            CAPTURE(named);
            folder.write("transforms.json", transforms(named).dump());
            const std::string said = check(folder.path());
            CHECK(said.find(place) != std::string::npos);
            CHECK(std::ranges::count(said, '\n') == 1);
        }
        // Where it agrees, nothing is said.
        folder.write("transforms.json", transforms(images).dump());
        CHECK(check(folder.path()).empty());
    }
}

TEST_CASE("images whose names say nothing go by order, and that is said") {
    const TemporaryFolder folder;
    put_images(folder, "image_white/{frame}/img_{view:04}.png");
    folder.write("transforms.json", transforms("cam{view}.png").dump());
    CHECK(check(folder.path()).find("go by order: cam0.png is image_white/0/img_0000.png") !=
          std::string::npos);
    put_image(folder / "image_white/0/another.png", flat_image(16, 12, {1, 2, 3}));
    CHECK(complaint(folder.path()).find("cam0.png: no such file") != std::string::npos);
}

TEST_CASE("undistorted images are not undistorted again") {
    const TemporaryFolder folder;
    put_images(folder, "image_white_undistortion/{frame}/{view}.png");
    json rig = transforms("images/{view}.png");
    rig["k1"] = 0.3;
    folder.write("transforms.json", rig.dump());
    CHECK(check(folder.path()).find("its distortion is not applied") != std::string::npos);
    CHECK(Capture::open(folder.path()).read(0, 0).valid.empty());
    rig = transforms("image_white_undistortion/0/{view}.png");
    rig["k1"] = 0.3;
    folder.write("transforms.json", rig.dump());
    CHECK_FALSE(Capture::open(folder.path()).read(0, 0).valid.empty());
}

TEST_CASE("HiFi4G with COLMAP's cameras, sizes that differ between them") {
    const TemporaryFolder folder;
    std::vector<ColmapLens> lenses;
    std::vector<ColmapPose> poses;
    for (int view = 0; view < kViews; ++view) {
        const int width = 16 + 2 * view;
        const Camera camera = ring_camera(view, kViews, width, 12);
        const auto id = std::uint32_t(view + 1);
        lenses.push_back({id, 1, "PINHOLE", width, 12, {camera.fx, camera.fy, camera.cx, camera.cy}});
        poses.emplace_back(id, id, fmt::format("{}.png", view), camera);
        for (int frame = 0; frame < kFrames; ++frame)
            put_image(folder / fmt::format("image_white_undistortion/{}/{}.png", frame, view),
                      flat_image(width, 12, {frame, view, 9}));
    }
    write_colmap(folder, "colmap/sparse/0", colmap_binary(lenses, poses), ".bin");
    CHECK(check(folder.path()).find("image_white_undistortion/0") != std::string::npos);
    const Capture capture = Capture::open(folder.path());
    CHECK(capture.views()[3].camera.width == 22);
    CHECK(capture.read(3, 0).rgb.width == 22);
}

TEST_CASE("V3: a transforms.json in every frame's folder") {
    const TemporaryFolder folder;
    put_images(folder, "{frame}/images/{view}.png", 8);
    put_images(folder, "{frame}/mask/{view}.png", 8);
    const auto write = [&](int frame, const json& rig) {
        folder.write(fmt::format("{}/transforms.json", frame), rig.dump());
    };
    for (const char* named : {"images/{view}.png", "./images/{view}.png", "image/{view}.png"}) {
        for (int frame = 8; frame < 8 + kFrames; ++frame) write(frame, transforms(named));
        const std::string said = check(folder.path());
        CHECK(said.empty() == (std::string_view(named).find("images") != std::string_view::npos));
    }
    CHECK(Capture::open(folder.path()).has_masks());

    json moved = transforms("images/{view}.png");
    write(8, moved), write(9, moved);
    moved["frames"][2]["transform_matrix"][0][3] = 7;
    write(10, moved);
    CHECK(complaint(folder.path()).find("10/transforms.json: frames[2] (2.png): is another camera") !=
          std::string::npos);
    moved["frames"].erase(2);
    write(10, moved);
    CHECK(complaint(folder.path()).find("has 3 views") != std::string::npos);
}

TEST_CASE("a folder a camera: the file's number is the frame") {
    const TemporaryFolder folder;
    put_images(folder, "images/cam{view:02}/{frame:04}.png", 5);
    json rig;
    for (int view = 0; view < kViews; ++view)
        rig["frames"].push_back(
            rig_entry(fmt::format("images/cam{:02}/0005.png", view), ring_camera(view, kViews, 16, 12)));
    folder.write("transforms.json", rig.dump());
    CHECK(check(folder.path()).empty());
    CHECK(Capture::open(folder.path()).views()[2].name == "cam02");
    // A hole is one view's missing image, not the end of the take.
    fs::remove(folder / "images/cam01/0006.png");
    const Capture capture = Capture::open(folder.path());
    CHECK(capture.frame_count() == kFrames);
    CHECK_FALSE(FrameReader(capture, {1}, 1, 2).next()->images[0].problem.empty());

    // Cameras that are numbers too.
    const TemporaryFolder numbers;
    put_images(numbers, "{view:02}/{frame:06}.jpg");
    numbers.write("transforms.json", transforms("{view:02}/{frame:06}.jpg").dump());
    const Capture plain = Capture::open(numbers.path());
    CHECK(plain.views().size() == kViews);
    CHECK(plain.frame_count() == kFrames);
}

TEST_CASE("a folder above the capture that is a number is no frame") {
    const TemporaryFolder folder;
    put_image(folder / "2024/take/images/a.png", flat_image(16, 12, {1, 2, 3}));
    fs::create_directories(folder / "2025");
    folder.write("2024/take/transforms.json",
                 json{{"frames", {rig_entry("images/a.png", ring_camera(0, 4, 16, 12))}}}.dump());
    CHECK(Capture::open(folder / "2024/take").frame_count() == 1);
}

TEST_CASE("a frame's folder that is missing is told, unless the take ends before it") {
    const TemporaryFolder folder;
    json rig = write_sequence(folder, 2, 6);
    fs::remove_all(folder / "image/3");
    CHECK(complaint(folder.path()).find("image/3 is missing") != std::string::npos);
    rig["frame_count"] = 3;
    folder.write("transforms.json", rig.dump());
    CHECK(Capture::open(folder.path()).frame_count() == 3);
}

TEST_CASE("what a folder must hold is said where nothing is recognised") {
    const TemporaryFolder folder;
    const std::string said = complaint(folder.path());
    for (const char* layout : {"transforms.json", "COLMAP", "sparse/0", "poses_bounds.npy", "V3"})
        CHECK(said.find(layout) != std::string::npos);
    CHECK(said.find('\n') == std::string::npos);
    CHECK(complaint(folder.write("cameras.xml", "<x/>")).find("is no calibration that is read") !=
          std::string::npos);
    // cameras without images are no model
    folder.write("sparse/0/cameras.bin", std::string(8, '\0'));
    CHECK(complaint(folder.path()).find("no capture is recognised") != std::string::npos);
    folder.write("sparse/0/images.bin", std::string(8, '\0'));
    CHECK(complaint(folder.path()).find("has no image") != std::string::npos);
}

TEST_CASE("no path of a calibration leaves the capture's folder; links may") {
    const TemporaryFolder folder;
    put_image(folder / "elsewhere/a.png", flat_image(16, 12, {40, 20, 30}));
    put_image(folder / "capture/images/a.png", flat_image(16, 12, {10, 20, 30}));
    const auto with = [&](const char* key, const std::string& path) {
        json rig = {{"frames", {rig_entry("images/a.png", ring_camera(0, 4, 16, 12))}}};
        (std::string_view(key) == "ply_file_path" ? rig : rig["frames"][0])[key] = path;
        folder.write("capture/transforms.json", rig.dump());
        return complaint(folder / "capture");
    };
    const std::string outside = (folder / "elsewhere/a.png").string();
    for (const char* key : {"file_path", "mask_path", "background_path", "ply_file_path"})
        for (const std::string& path :
             {std::string("../elsewhere/a.png"), std::string("images/../../elsewhere/a.png"), outside,
              std::string("/etc/passwd")}) {
            const std::string said = with(key, path);
            CAPTURE(said);
            CHECK(said.find("leaves the capture's folder") != std::string::npos);
            CHECK(said.find(path) != std::string::npos);
        }
    CHECK(with("file_path", "images/../images/./a.png").empty());
    CHECK(with("file_path", "images\\a.png").empty());
    CHECK(with("file_path", "..\\elsewhere\\a.png").find("leaves the capture's folder") != std::string::npos);
    CHECK(with("file_path", (folder / "capture/images/a.png").string()).empty());
    fs::create_directory_symlink(folder / "elsewhere", folder / "capture/linked");
    CHECK(with("file_path", "linked/a.png").empty());
    CHECK(int(Capture::open(folder / "capture").read(0, 0).rgb.at(0, 0)[0]) == 40);

    // COLMAP's names are a calibration's too.
    const TemporaryFolder model;
    write_colmap(model, "sparse/0",
                 colmap_binary({{1, 1, "PINHOLE", 16, 12, {20, 20, 8, 6}}},
                               {{1, 1, "../../../etc/passwd", ring_camera(0, 4, 16, 12)}}),
                 ".bin");
    CHECK(complaint(model.path()).find("leaves the capture's folder") != std::string::npos);
}

TEST_CASE("two views with one file are refused, two with one file name are told apart") {
    const TemporaryFolder folder;
    json rig;
    for (int view = 0; view < 2; ++view) {
        const std::string name = fmt::format("images/{}/a.png", view ? "right" : "left");
        put_image(folder / name, flat_image(16, 12, {view, 20, 30}));
        rig["frames"].push_back(rig_entry(name, ring_camera(view, 4, 16, 12)));
    }
    const Capture capture = Capture::open(folder.write("transforms.json", rig.dump()));
    CHECK(capture.views()[0].name == "images/left/a.png");
    CHECK(capture.views()[1].name == "images/right/a.png");
    rig["frames"][1]["file_path"] = "images/left/a.png";
    folder.write("transforms.json", rig.dump());
    CHECK(complaint(folder.path()).find("frames[1] (a.png): has the same file as") != std::string::npos);
}

TEST_CASE("a view that looks away from the others is named, an inside-out rig is not") {
    const auto warnings = [](bool inwards, bool one_turned) {
        const TemporaryFolder folder;
        json rig;
        for (int view = 0; view < 8; ++view) {
            const float angle = 6.2831853f * float(view) / 8;
            const glm::vec3 out(std::cos(angle), std::sin(angle), 0);
            const bool turned = one_turned && view == 5;
            const glm::vec3 eye = inwards ? 3.0f * out : 0.1f * out;
            const glm::vec3 target = inwards != turned ? glm::vec3(0) : 6.0f * out;
            const std::string name = fmt::format("images/{}.png", char('a' + view));
            put_image(folder / name, flat_image(16, 12, {view, 20, 30}));
            rig["frames"].push_back(rig_entry(name, Camera::look_at(eye, target, {0, 0, 1}, 0.8f, 16, 12)));
        }
        folder.write("transforms.json", rig.dump());
        return Capture::open(folder.path()).warnings();
    };
    CHECK(warnings(true, false).empty());
    CHECK(warnings(false, false).empty());
    const std::vector<std::string> turned = warnings(true, true);
    REQUIRE(turned.size() == 1);
    CHECK(turned[0].find("view 5 (f.png): looks away") != std::string::npos);
}
