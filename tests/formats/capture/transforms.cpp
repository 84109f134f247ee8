#include "formats/capture/readers/transforms.h"

#include <doctest/doctest.h>

#include <random>

#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "tests/formats/media/rig_writer.h"
#include "tests/formats/media/video_writer.h"

using namespace volumen;
using nlohmann::json;

TEST_CASE("decimal frame rates become the fractions they mean") {
    const auto is = [](double fps, int numerator, int denominator) {
        const FrameRate rate = exact_frame_rate(fps);
        CAPTURE(fps);
        CHECK(rate.numerator == numerator);
        CHECK(rate.denominator == denominator);
    };
    is(24, 24, 1);
    is(60.0, 60, 1);
    is(23.976, 24000, 1001);
    is(23.98, 24000, 1001);
    is(29.97, 30000, 1001);
    is(29.97002997, 30000, 1001);
    is(59.94, 60000, 1001);
    is(119.88, 120000, 1001);
    is(12.5, 25, 2);
    is(29.5, 59, 2);
    is(0.5, 1, 2);
    is(33.333, 33333, 1000);
}

TEST_CASE("what is wrong in the JSON is said by entry and key") {
    const TemporaryFolder folder;
    put_image(folder / "images/a.png", flat_image(16, 12, {10, 20, 30}));
    const json good = {{"frames", {rig_entry("images/a.png", ring_camera(0, 4, 16, 12))}}};
    const auto says = [&](const json& rig, const std::string& expected) {
        const std::string said = complaint(folder.write("transforms.json", rig.dump()));
        CAPTURE(rig.dump());
        CAPTURE(said);
        CHECK(said.find(expected) != std::string::npos);
        CHECK(said.find('\n') == std::string::npos);
    };
    REQUIRE(complaint(folder.write("transforms.json", good.dump())).empty());

    /// The good one with another value at a JSON pointer.
    const auto changed = [&](const std::string& pointer, const json& value) {
        json rig = good;
        rig[json::json_pointer(pointer)] = value;
        return rig;
    };
    const auto with = [&](const std::string& key, const json& value) {
        return changed("/frames/0/" + key, value);
    };
    const auto without = [&](const char* key) {
        json rig = good;
        rig["frames"][0].erase(key);
        return rig;
    };
    says(without("transform_matrix"), "frames[0] (a.png): transform_matrix is missing");
    says(without("file_path"), "file_path is missing");
    says(without("fl_x"), "fl_x is missing");
    says(without("w"), "w is missing");
    says(with("file_path", 7), "file_path is not a string");
    says(with("file_path", "images/b.png"), "images/b.png: no such file");
    says(with("file_path", std::string("images/a.png\0x", 14)), "control character");
    says(with("file_path", "images/a\nb.png"), "frames[0]: file_path holds a control character");
    says(with("camera_model", "PIN\x1b[31mHOLE"), "camera_model holds a control character");
    says(with("fl_x", 0), "fl_x is 0");
    says(with("fl_x", -5), "fl_x is -5");
    says(with("fl_x", "wide"), "fl_x is not a number");
    says(with("fl_y", 1e30), "fl_y is 1e+30");
    says(with("cx", 1e9), "cx is");
    says(with("w", 16.5), "w is not a whole number");
    says(with("w", 0), "w is 0");
    says(with("h", 1000000), "h is 1000000");
    says(with("w", 20), "16 x 12, but w and h say 20 x 12");
    says(with("k1", json::array()), "k1 is not a number");
    says(with("k2", 1e10), "k2 is");
    says(with("k4", 0.1), "k4 is not zero");
    says(with("k4", 0.1), "name the camera_model");
    for (const char* model : {"FOV", "THIN_PRISM_FISHEYE", "EQUIRECTANGULAR", "opencv"})
        says(with("camera_model", model),
             fmt::format("(a.png): camera_model {}, which is not supported", model));
    says(with("camera_model", 3), "camera_model is not a string");
    says(with("is_fisheye", "yes"), "is_fisheye is neither");
    json fisheye = with("is_fisheye", true);
    fisheye["frames"][0]["p1"] = 0.01;
    says(fisheye, "p1 is not zero");
    says(with("offset", 0.5), "offset is not a whole number");
    says(with("transform_matrix", json::array({1, 2, 3, 4})), "4 rows of 4");
    says(with("transform_matrix", "unit"), "4 rows of 4");

    says(with("transform_matrix/0/0", 3), "is not a rotation");
    says(with("transform_matrix/2/3", 1e300), "beyond");
    says(with("transform_matrix/2/3", nullptr), "4 rows of 4");
    says(with("transform_matrix/3/0", 1), "0 0 0 1");
    json mirrored = good;
    for (std::size_t row = 0; row < 3; ++row) {
        json& value = mirrored["frames"][0]["transform_matrix"][row][0];
        value = -value.get<double>();
    }
    says(mirrored, "mirrors");
    json zero = good;
    for (std::size_t row = 0; row < 3; ++row)
        for (std::size_t column = 0; column < 3; ++column)
            zero["frames"][0]["transform_matrix"][row][column] = 0;
    says(zero, "is not a rotation");

    says(changed("/fps", 0), "fps is 0");
    says(changed("/fps", "fast"), "fps is neither");
    says(changed("/fps", json::object()), "fps is not a number");
    says(changed("/frame_count", 5), "frame_count is 5");
    says(changed("/frame_count", 1.5), "frame_count is not a whole number");
    says(changed("/frame_count", 1e12), "frame_count is");
    says(changed("/ply_file_path", "none.ply"), "none.ply: no such file");
    says(changed("/metres_per_unit", 0), "metres_per_unit");
    says(changed("/frames", json::array()), "no list \"frames\"");
    says(changed("/frames", 3), "no list \"frames\"");
    says(changed("/frames", {5}), "frames[0] is not an object");
    json moving = good;
    moving["frames"].push_back(rig_entry("images/a.png", ring_camera(1, 4, 16, 12)));
    moving["frames"][0]["time"] = 0.0, moving["frames"][1]["time"] = 0.1;
    says(moving, "frames[1] (a.png): time differs");
    says(json::array(), "not a JSON object");
    for (const char* text :
         {"{\"frames\": [1,", "", "{", "{\"frames\": [NaN]}", "{\"frames\": [1e999]}", "\xff\xfe"}) {
        const std::string said = complaint(folder.write("transforms.json", text));
        CAPTURE(said);
        CHECK(said.find("not JSON") != std::string::npos);
    }
    // Deep nesting, and an array that would be a hundred times its bytes in memory.
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    for (const std::size_t depth : {std::size_t(100), std::size_t(5'000'000)})
        CHECK(complaint(folder.write("transforms.json", "{\"frames\": " + nested(depth) + "}"))
                  .find("transforms.json: is nested deeper than 64 levels") != std::string::npos);
    std::string many = "{\"frames\": [0";
    for (int i = 0; i < 5'000'000; ++i) many += ",0";
    CHECK(complaint(folder.write("transforms.json", many + "]}")).find("holds more than") !=
          std::string::npos);
    // A billion elements are two gigabytes: a sparse file stands for them.
    std::filesystem::resize_file(folder.write("transforms.json", "{\"frames\": [0"), 2'000'000'000);
    CHECK(complaint(folder.path()).find("2000000000 bytes, but at most") != std::string::npos);
    CHECK(complaint(folder / "nowhere").find("no such file") != std::string::npos);
    std::filesystem::remove(folder / "transforms.json");
    CHECK(complaint(folder.path()).find("no capture is recognised") != std::string::npos);
}

TEST_CASE("a rotation that is off by rounding is made exact") {
    const TemporaryFolder folder;
    put_image(folder / "images/a.png", flat_image(16, 12, {10, 20, 30}));
    json rig = {{"frames", {rig_entry("images/a.png", ring_camera(1, 7, 16, 12))}}};
    for (auto& row : rig["frames"][0]["transform_matrix"])
        for (auto& value : row) value = std::round(value.get<double>() * 1000) / 1000;
    const Capture capture = Capture::open(folder.write("transforms.json", rig.dump()));
    const glm::mat3& r = capture.views()[0].camera.rotation;
    const glm::mat3 square = glm::transpose(r) * r;
    for (int i = 0; i < 3; ++i) CHECK(glm::length(square[i] - glm::mat3(1)[i]) < 1e-6f);
    CHECK(glm::length(capture.views()[0].camera.centre() - ring_camera(1, 7, 16, 12).centre()) < 2e-3f);
}

TEST_CASE("random changes of the JSON are refused or read, never worse") {
    const TemporaryFolder folder;
    const std::string good = write_sequence(folder, 2, 2).dump();
    const unsigned seed = 20260103;
    MESSAGE("seed ", seed);
    std::mt19937 random(seed);
    const std::string alphabet = "0123456789.-+eE\"[]{},:nul \x80";
    for (int round = 0; round < 1000; ++round) {
        std::string damaged = good;
        for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = alphabet[random() % alphabet.size()];
        complaint(folder.write("transforms.json", damaged));
    }
}

TEST_CASE("one video a view: frames, rate, points, mixed lengths") {
    const TemporaryFolder folder;
    json rig = {{"ply_file_path", "points.ply"}, {"metres_per_unit", 0.01}, {"frames", json::array()}};
    folder.write("points.ply",
                 "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
                 "property float z\nend_header\n1 2 3\n");
    for (int view = 0; view < 3; ++view) {
        std::vector<Image8> frames;
        for (int i = 0; i < 12 + view; ++i) frames.push_back(numbered_picture(16 * view + i));
        VideoRecipe recipe;
        recipe.fps = {24000, 1001};
        const std::string name = "cam" + std::to_string(view) + ".mp4";
        write_video(folder / name, frames, recipe);
        rig["frames"].push_back(rig_entry(name, ring_camera(view, 3, 128, 64)));
    }
    folder.write("transforms.json", rig.dump());
    const Capture capture = Capture::open(folder.path());
    CHECK(capture.frame_count() == 12);
    CHECK(capture.info().fps.numerator == 24000);
    CHECK(capture.info().fps.denominator == 1001);
    CHECK(capture.info().metres_per_unit == 0.01);
    CHECK_FALSE(capture.has_masks());
    REQUIRE(capture.points());
    CHECK(capture.points()->positions == std::vector<float>{1, 2, 3});
    CHECK(number_in(capture.read(2, 7).rgb) == 39);
    FrameReader reader(capture, {2, 1}, 5, 9);
    for (int frame = 5; frame < 9; ++frame) {
        const std::optional<CaptureFrame> got = reader.next();
        REQUIRE(got);
        CHECK(number_in(got->images[0].rgb) == 32 + frame);
        CHECK(number_in(got->images[1].rgb) == 16 + frame);
    }
    CHECK_FALSE(reader.next());

    REQUIRE(capture.warnings().size() == 1);
    CHECK(capture.warnings()[0].find("(cam0.mp4): has 12 frames") != std::string::npos);

    // A frame_count of 13: the shorter video's last image is absent.
    rig["frame_count"] = 13;
    folder.write("transforms.json", rig.dump());
    const Capture longer = Capture::open(folder.path());
    CHECK(longer.frame_count() == 13);
    CHECK(longer.warnings().size() == 1);
    FrameReader last(longer, {0, 1}, 12, 13);
    const std::optional<CaptureFrame> got = last.next();
    REQUIRE(got);
    CHECK(got->images[0].problem.find("cam0.mp4: has 12 frames") != std::string::npos);
    CHECK(number_in(got->images[1].rgb) == 28);
    CHECK_THROWS_WITH_AS(Capture::open(folder.path(), {.strict = true}), doctest::Contains("cam0.mp4"),
                         InputError);
    rig["frame_count"] = 15;
    CHECK(complaint(folder.write("transforms.json", rig.dump())).find("14 frames") != std::string::npos);
    rig["frame_count"] = 3;
    CHECK(Capture::open(folder.write("transforms.json", rig.dump())).frame_count() == 3);
    put_image(folder / "a.png", flat_image(128, 64, {1, 2, 3}));
    rig["frames"].push_back(rig_entry("a.png", ring_camera(0, 3, 128, 64)));
    CHECK(complaint(folder.write("transforms.json", rig.dump())).find("a video and an image") !=
          std::string::npos);
}
