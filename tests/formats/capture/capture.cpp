#include "formats/capture/capture.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "formats/core/error.h"
#include "tests/formats/media/rig_writer.h"

using namespace volumen;
using nlohmann::json;

namespace {

bool near(const Camera& a, const Camera& b, float tolerance = 1e-4f) {
    bool same = a.width == b.width && a.height == b.height;
    for (int i = 0; i < 3; ++i) same &= glm::length(a.rotation[i] - b.rotation[i]) < tolerance;
    same &= glm::length(a.translation - b.translation) < tolerance;
    for (const float d : {a.fx - b.fx, a.fy - b.fy, a.cx - b.cx, a.cy - b.cy})
        same &= std::abs(d) < 100 * tolerance;
    return same;
}

/// A capture of one 16 × 12 image.
json single_image(const TemporaryFolder& folder) {
    put_image(folder / "images/a.png", flat_image(16, 12, {10, 20, 30}));
    return {{"frames", {rig_entry("images/a.png", ring_camera(0, 4, 16, 12))}}};
}

}  // namespace

TEST_CASE("a sequence of frame folders: views, poses, frames, masks, defaults") {
    const TemporaryFolder folder;
    write_sequence(folder, 5, 4);
    for (const auto& path : {folder.path(), folder / "transforms.json"}) {
        const Capture capture = Capture::open(path);
        REQUIRE(capture.views().size() == 5);
        CHECK(capture.frame_count() == 4);
        CHECK(capture.has_masks());
        CHECK_FALSE(capture.points());
        for (int view = 0; view < 5; ++view) {
            CHECK(near(capture.views()[std::size_t(view)].camera, ring_camera(view, 5, 16, 12)));
            const ViewImage image = capture.read(view, 3);
            CHECK(image.rgb.channels == 3);
            CHECK(image.alpha.at(7, 7)[0] == 10 * view);
            CHECK(image.valid.empty());
            CHECK(int(image.rgb.at(5, 5)[0]) == 3);
            CHECK(int(image.rgb.at(5, 5)[1]) == view);
        }
        const TakeInfo& info = capture.info();
        CHECK(info.fps.numerator == 25);
        CHECK(info.fps.denominator == 1);
        CHECK(info.up == glm::vec3(0, 0, 1));
        CHECK(glm::length(info.view_target - glm::vec3(0, 0, 1)) < 0.01f);
        CHECK(glm::length(info.view_eye - glm::vec3(3, 0, 1.5f)) < 0.01f);
        CHECK(info.view_fov == doctest::Approx(0.8));
        CHECK(info.background == glm::vec3(1));
        CHECK(info.bounds_min.x < -0.5f);
        CHECK(info.bounds_max.z > 1.5f);
        // What a subset tells comes from its cameras alone.
        const TakeInfo some = capture.info({2, 3});
        CHECK(some.fps.numerator == 25);
        CHECK(glm::length(some.view_eye - capture.views()[2].camera.centre()) < 1e-6f);
    }
    CHECK_THROWS_AS(Capture::open(folder.path()).read(5, 0), UsageError);
    CHECK_THROWS_AS(Capture::open(folder.path()).read(0, 4), UsageError);
}

TEST_CASE("a reader hands out the asked views in order, and stops") {
    const TemporaryFolder folder;
    write_sequence(folder, 4, 6);
    // Held-out views are not touched: this one could not be read.
    folder.write("image/2/1.png", "not an image");
    const Capture capture = Capture::open(folder.path());
    FrameReader reader(capture, {3, 0}, 1, 5, 2);
    for (int frame = 1; frame < 5; ++frame) {
        const std::optional<CaptureFrame> got = reader.next();
        REQUIRE(got);
        CHECK(got->index == frame);
        REQUIRE(got->images.size() == 2);
        CHECK(int(got->images[0].rgb.at(0, 0)[1]) == 3);
        CHECK(int(got->images[1].rgb.at(0, 0)[1]) == 0);
        CHECK(int(got->images[0].rgb.at(0, 0)[0]) == frame);
    }
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.next());
    CHECK_THROWS_AS(FrameReader(capture, {4}, 0, 1), UsageError);
    CHECK_THROWS_AS(FrameReader(capture, {0}, 0, 7), UsageError);
    FrameReader abandoned(capture, {0}, 0, 6);
    const Capture strict = Capture::open(folder.path(), {.strict = true});
    FrameReader bad(strict, {1}, 0, 6);
    CHECK(bad.next());
    CHECK(bad.next());
    CHECK_THROWS_AS(bad.next(), InputError);
    CHECK_THROWS_AS(bad.next(), InputError);
}

TEST_CASE("a reader stays at most `ahead` frames before its caller") {
    const TemporaryFolder folder;
    write_sequence(folder, 1, 8);
    const Capture capture = Capture::open(folder.path(), {.strict = true});
    FrameReader reader(capture, {0}, 0, 8, 2);
    CHECK(reader.next());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    for (int frame = 3; frame < 8; ++frame)
        std::filesystem::remove_all(folder / ("image/" + std::to_string(frame)));
    CHECK(reader.next());
    CHECK(reader.next());
    CHECK_THROWS_WITH_AS(reader.next(), doctest::Contains("no such file"), InputError);
}

TEST_CASE("frames listed one by one are grouped; numbers may be padded and start anywhere") {
    const TemporaryFolder folder;
    json rig = {{"frames", json::array()}};
    for (int frame = 11; frame >= 8; --frame)
        for (int view = 0; view < 2; ++view) {
            const std::string name = fmt::format("{:04}/images/{}.png", frame, view);
            rig["frames"].push_back(rig_entry(name, ring_camera(view, 2, 16, 12)));
            put_image(folder / name, flat_image(16, 12, {frame, view, 0}));
        }
    const auto open = [&] { return Capture::open(folder.write("transforms.json", rig.dump())); };
    const Capture capture = open();
    CHECK(capture.views().size() == 2);
    CHECK(capture.frame_count() == 4);
    CHECK_FALSE(capture.has_masks());
    CHECK(capture.info().background == glm::vec3(0));
    CHECK(int(capture.read(1, 0).rgb.at(0, 0)[0]) == 8);
    CHECK(int(capture.read(1, 3).rgb.at(0, 0)[0]) == 11);
    CHECK(int(capture.read(1, 3).rgb.at(0, 0)[1]) == 1);

    rig["frames"][0]["transform_matrix"][0][3] = 9;
    CHECK_THROWS_WITH_AS(open(), doctest::Contains("cameras that move"), InputError);
    rig["frames"].erase(0);
    CHECK_THROWS_AS(open(), InputError);
}

TEST_CASE("masks come from a folder beside the images or from mask_path") {
    const TemporaryFolder folder;
    json rig = single_image(folder);
    const auto open = [&] { return Capture::open(folder.write("transforms.json", rig.dump())); };
    CHECK_FALSE(open().has_masks());
    CHECK(open().read(0, 0).alpha.empty());
    put_image(folder / "masks/a.png", flat_image(16, 12, {77}));
    CHECK(open().has_masks());
    CHECK(int(open().read(0, 0).alpha.at(3, 3)[0]) == 77);
    CHECK(int(open().read(0, 0).rgb.at(3, 3)[2]) == 30);
    put_image(folder / "other/m.png", flat_image(16, 12, {99}));
    rig["frames"][0]["mask_path"] = "other/m.png";
    CHECK(int(open().read(0, 0).alpha.at(3, 3)[0]) == 99);
    put_image(folder / "other/m.png", flat_image(8, 12, {99}));
    CHECK_THROWS_WITH_AS(open().read(0, 0), doctest::Contains("8 x 12"), InputError);
    rig["frames"][0]["mask_path"] = "other/none.png";
    CHECK_THROWS_WITH_AS(open(), doctest::Contains("mask_path"), InputError);
}

TEST_CASE("sizes: longer side, scale, exact; the intrinsics follow") {
    const TemporaryFolder folder;
    put_image(folder / "images/a.png", flat_image(60, 40, {10, 20, 30}));
    Camera camera = ring_camera(0, 4, 60, 40);
    camera.cx = 31, camera.cy = 17, camera.fy = 80;
    folder.write("transforms.json", json{{"frames", {rig_entry("images/a.png", camera)}}}.dump());
    const auto check = [&](CaptureOptions options, int width, int height) {
        const Capture capture = Capture::open(folder.path(), options);
        CHECK(near(capture.views()[0].camera, camera.resized(width, height)));
        const ViewImage image = capture.read(0, 0);
        CHECK(image.rgb.width == width);
        CHECK(image.rgb.height == height);
        CHECK(int(image.rgb.at(width - 1, height - 1)[1]) == 20);
    };
    check({}, 60, 40);
    check({.width = 30}, 30, 20);
    check({.scale = 1.0 / 3}, 20, 13);
    check({.width = 30, .height = 21}, 30, 21);
    check({.width = 90}, 90, 60);
    CHECK_THROWS_AS(Capture::open(folder.path(), {.width = 30, .height = 30}), InputError);
    CHECK_THROWS_AS(Capture::open(folder.path(), {.height = 30}), UsageError);
    CHECK_THROWS_AS(Capture::open(folder.path(), {.width = -1}), UsageError);
    CHECK_THROWS_AS(Capture::open(folder.path(), {.width = 1 << 20}), UsageError);
    CHECK_THROWS_AS(Capture::open(folder.path(), {.scale = 0}), UsageError);
    CHECK_THROWS_AS(Capture::open(folder.path(), {.scale = NAN}), UsageError);
}

TEST_CASE("images that are larger than their calibration are cropped evenly or scale it") {
    const TemporaryFolder folder;
    Image8 image(60, 40, 3);
    for (int y = 0; y < 40; ++y)
        for (int x = 0; x < 60; ++x) image.at(x, y)[0] = std::uint8_t(x), image.at(x, y)[1] = std::uint8_t(y);
    put_image(folder / "images/a.png", image);
    const auto open = [&](int width, int height) {
        const json rig = {{"frames", {rig_entry("images/a.png", ring_camera(0, 4, width, height))}}};
        return Capture::open(folder.write("transforms.json", rig.dump()));
    };
    const Capture cropped = open(52, 38);
    CHECK(near(cropped.views()[0].camera, ring_camera(0, 4, 52, 38)));
    CHECK(int(cropped.read(0, 0).rgb.at(0, 0)[0]) == 4);
    CHECK(int(cropped.read(0, 0).rgb.at(0, 0)[1]) == 1);
    CHECK(int(cropped.read(0, 0).rgb.at(51, 37)[0]) == 55);
    CHECK(near(open(120, 80).views()[0].camera, ring_camera(0, 4, 120, 80).resized(60, 40)));
    CHECK(near(open(30, 20).views()[0].camera, ring_camera(0, 4, 30, 20).resized(60, 40)));
    CHECK_THROWS_WITH_AS(open(60, 60), doctest::Contains("60 x 40"), InputError);
}

TEST_CASE("intrinsics: for all or per view, or as an angle; sizes from the image") {
    const TemporaryFolder folder;
    json rig = single_image(folder);
    json& entry = rig["frames"][0];
    const auto camera = [&] {
        return Capture::open(folder.write("transforms.json", rig.dump())).views()[0].camera;
    };
    for (const char* key : {"fl_x", "fl_y", "cx", "cy", "w", "h"}) entry.erase(key);
    rig["camera_angle_x"] = 2 * std::atan(0.5);
    CHECK(camera().width == 16);
    CHECK(camera().fx == doctest::Approx(16));
    CHECK(camera().fy == doctest::Approx(16));
    CHECK(camera().cx == doctest::Approx(8));
    CHECK(camera().cy == doctest::Approx(6));
    rig["fl_x"] = 20, rig["cy"] = 5;
    entry["fl_x"] = 25;
    CHECK(camera().fx == doctest::Approx(25));
    CHECK(camera().cy == doctest::Approx(5));
    rig["camera_model"] = "OPENCV";
    CHECK(camera().fy == doctest::Approx(25));
}

TEST_CASE("straight alpha goes over the background") {
    ViewImage image;
    image.rgb = flat_image(2, 1, {255, 51, 0});
    CHECK(composite(image, glm::vec3(1)).plane(1)[1] == doctest::Approx(0.2));
    image.alpha = Image8(2, 1, 1);
    image.alpha.pixels = {51, 0};
    const PlanarImage out = composite(image, {0, 0.5f, 1});
    CHECK(out.plane(0)[0] == doctest::Approx(0.2));
    CHECK(out.plane(1)[0] == doctest::Approx(0.2 * 0.2 + 0.8 * 0.5));
    CHECK(out.plane(2)[0] == doctest::Approx(0.8));
    CHECK(out.plane(1)[1] == doctest::Approx(0.5));
}

TEST_CASE("offsets: whose frame shows the take's, from the file or the caller; the take keeps its length") {
    const TemporaryFolder folder;
    json rig = write_sequence(folder, 3, 5);
    rig["frames"][1]["offset"] = 2;
    rig["offsets"] = {{"2.png", -1}};
    folder.write("transforms.json", rig.dump());
    const auto check = [](const Capture& capture, std::vector<int> offsets) {
        CHECK(capture.frame_count() == 5);
        FrameReader reader(capture, {2, 1, 0}, 0, 5);
        for (int frame = 0; frame < 5; ++frame) {
            const std::optional<CaptureFrame> got = reader.next();
            REQUIRE(got);
            for (int k = 0; k < 3; ++k) {
                const int view = 2 - k, own = frame + offsets[std::size_t(view)];
                CAPTURE(frame);
                CAPTURE(view);
                CHECK(capture.views()[std::size_t(view)].offset == offsets[std::size_t(view)]);
                const ViewImage& image = got->images[std::size_t(k)];
                const bool there = own >= 0 && own < 5;
                CHECK(image.absent() == !there);
                CHECK(image.problem.empty());
                CHECK(capture.covers(view, frame) == there);
                if (there) {
                    CHECK(int(image.rgb.at(0, 0)[0]) == own);
                    CHECK(int(capture.read(view, frame).rgb.at(0, 0)[0]) == own);
                } else {
                    CHECK_THROWS_WITH_AS(capture.read(view, frame), doctest::Contains("offset"), InputError);
                }
            }
        }
    };
    check(Capture::open(folder.path()), {0, 2, -1});
    check(Capture::open(folder.path(), {.strict = true}), {0, 2, -1});
    check(Capture::open(folder.path(), {.offsets = {1, 0, 0}}), {1, 0, 0});
    CHECK_THROWS_AS(Capture::open(folder.path(), {.offsets = {1, 0}}), UsageError);

    // frame_count below what is on disk: a view may reach on.
    rig["frame_count"] = 3;
    folder.write("transforms.json", rig.dump());
    CHECK(int(Capture::open(folder.path()).read(1, 2).rgb.at(0, 0)[0]) == 4);

    const auto says = [&](const json& offsets, const char* expected) {
        rig["offsets"] = offsets;
        folder.write("transforms.json", rig.dump());
        CHECK_THROWS_WITH_AS(Capture::open(folder.path()), doctest::Contains(expected), InputError);
    };
    says({{"0", 1}, {"3", 1}}, "there is no view 3");
    says({{"0", 1.5}}, "offsets: 0 is not a whole number");
    says({{"0", "two"}}, "offsets: 0 is not a number");
    says({{"0", 1e9}}, "outside");
    says({1, 2}, "offsets is not an object");
}

TEST_CASE("one bad image of one view is absent with its problem, or an error when strict") {
    const TemporaryFolder folder;
    write_sequence(folder, 3, 4);
    const auto bytes = [&](const char* name) {
        std::ifstream in(folder / name, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    const std::string whole = bytes("image/1/0.png");
    folder.write("image/1/0.png", whole.substr(0, whole.size() / 2));  // truncated
    std::filesystem::remove(folder / "image/2/1.png");                 // missing
    put_image(folder / "image/3/2.png", flat_image(20, 12, {1, 2, 3, 255}));
    const Capture capture = Capture::open(folder.path());
    CHECK(capture.frame_count() == 4);
    CHECK(capture.warnings().empty());
    FrameReader reader(capture, {0, 1, 2}, 0, 4);
    for (int frame = 0; frame < 4; ++frame) {
        const std::optional<CaptureFrame> got = reader.next();
        REQUIRE(got);
        for (int view = 0; view < 3; ++view) {
            const ViewImage& image = got->images[std::size_t(view)];
            CHECK(image.absent() == (frame == view + 1));
            CHECK(image.problem.empty() == !image.absent());
            if (!image.absent()) continue;
            CHECK(image.problem.find(fmt::format("image/{}/{}.png", frame, view)) != std::string::npos);
            CHECK(image.problem.find('\n') == std::string::npos);
            CHECK_THROWS_AS(capture.read(view, frame), InputError);
        }
    }
    const Capture strict = Capture::open(folder.path(), {.strict = true});
    FrameReader stops(strict, {0, 1, 2}, 0, 4);
    CHECK(stops.next());
    CHECK_THROWS_WITH_AS(stops.next(), doctest::Contains("image/1/0.png"), InputError);

    // Frame 0 is no exception: another frame tells the size.
    folder.write("image/0/1.png", "not an image");
    const Capture bad_start = Capture::open(folder.path());
    REQUIRE(bad_start.warnings().size() == 1);
    CHECK(bad_start.warnings()[0].find("image/0/1.png") != std::string::npos);
    CHECK(FrameReader(bad_start, {1}, 0, 1).next()->images[0].absent());
    CHECK_THROWS_WITH_AS(Capture::open(folder.path(), {.strict = true}), doctest::Contains("image/0/1.png"),
                         InputError);
}

TEST_CASE("background plates: found by name or named, treated as the frames are") {
    const TemporaryFolder folder;
    json rig = write_sequence(folder, 3, 2);
    CHECK_FALSE(Capture::open(folder.path()).plate(0));
    CHECK_THROWS_AS(Capture::open(folder.path()).plate(3), UsageError);
    put_image(folder / "background/0.png", flat_image(16, 12, {5, 6, 7}));
    put_image(folder / "background/1.jpg", flat_image(16, 12, {100, 100, 100}));
    put_image(folder / "plates/two.png", flat_image(16, 12, {8, 9, 10, 0}));
    rig["frames"][2]["background_path"] = "plates/two.png";
    rig["frames"][0]["k1"] = 0.3;
    folder.write("transforms.json", rig.dump());
    const Capture capture = Capture::open(folder.path(), {.width = 32});
    const std::optional<ViewImage> plate = capture.plate(0);
    REQUIRE(plate);
    CHECK(plate->rgb.width == 32);
    CHECK(plate->rgb.height == 24);
    CHECK(plate->alpha.empty());
    CHECK(int(plate->rgb.at(16, 12)[2]) == 7);
    CHECK(plate->valid.pixels == capture.read(0, 0).valid.pixels);
    CHECK_FALSE(plate->valid.empty());
    CHECK(std::abs(int(capture.plate(1)->rgb.at(1, 1)[0]) - 100) < 3);
    CHECK(int(capture.plate(2)->rgb.at(1, 1)[0]) == 8);

    put_image(folder / "background/0.png", flat_image(12, 16, {5, 6, 7}));
    CHECK_THROWS_WITH_AS(capture.plate(0), doctest::Contains("12 x 16"), InputError);
    rig["frames"][2]["background_path"] = "plates/none.png";
    folder.write("transforms.json", rig.dump());
    CHECK_THROWS_WITH_AS(Capture::open(folder.path()), doctest::Contains("background_path"), InputError);
}
