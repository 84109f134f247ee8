// The program as a user runs it: exit status, images, statistics, and its window on a virtual display.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/media/image_file.h"
#include "formats/splats/ply.h"
#include "tests/formats/media/sog_writers.h"

using namespace volumen;
namespace fs = std::filesystem;

namespace {

/// A folder that is removed again.
struct Folder {
    fs::path path = fs::temp_directory_path() / fmt::format("volumen-play-{}", getpid());
    Folder() {
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~Folder() { fs::remove_all(path); }
};

struct Result {
    int status = -1;
    std::string errors;
};

std::string read_text(const fs::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Runs volumen-play in the folder, on a display of its own where `display` says so.
Result play(const Folder& folder, const std::string& arguments, bool display = false) {
    // Validation layers and window drivers leak a little when they are unloaded: a build with
    // AddressSanitizer looks for leaks in the runs without them.
    const bool foreign = display || arguments.find("--validation") != std::string::npos;
    const std::string command =
        fmt::format("cd '{}' && {} {} timeout 100 '{}' {} >stdout.txt 2>stderr.txt", folder.path.string(),
                    foreign ? "ASAN_OPTIONS=detect_leaks=0" : "",
                    display ? "xvfb-run -a -s '-screen 0 1024x768x24'" : "env -u DISPLAY -u WAYLAND_DISPLAY",
                    VOLUMEN_PLAY, arguments);
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_text(folder.path / "stderr.txt")};
}

/// An opaque red ball around the origin.
SplatCloud ball() {
    SplatCloud cloud(1, 0);
    cloud.channel(SplatCloud::kRotation)[0] = 1;
    for (int axis = 0; axis < 3; ++axis) cloud.channel(SplatCloud::kScale + axis)[0] = std::log(0.25f);
    cloud.channel(SplatCloud::kOpacity)[0] = 8;
    constexpr float kShZero = 0.28209479f;
    cloud.channel(SplatCloud::kSh)[0] = 0.4f / kShZero;
    for (int c = 1; c < 3; ++c) cloud.channel(SplatCloud::kSh + c)[0] = -0.4f / kShZero;
    return cloud;
}

void write_ball(const fs::path& file) {
    write_ply(file, ball());
}

bool is_red(const std::uint8_t* pixel) {
    return pixel[0] > 200 && pixel[1] < 60 && pixel[2] < 60;
}

constexpr const char* kCamera = R"({"eye": [0, -3, 0], "target": [0, 0, 0], "up": [0, 0, 1], "fov": 40})";

}  // namespace

TEST_CASE("what cannot be played is told in one line, with its exit status") {
    const Folder folder;
    std::ofstream(folder.path / "broken.ply") << "ply\nnonsense\n";
    const struct {
        const char* arguments;
        int status;
    } kCases[] = {{"--help", 0},
                  {"--version", 0},
                  {"", 2},
                  {"x.ply --vr", 2},
                  {"x.ply --headless -o same.png", 2},
                  {"x.ply --headless", 1},
                  {"broken.ply --headless", 1},
                  {"https://example.org/take/manifest.mpd --headless", 1},
                  {"x.spz --headless", 1},
                  {"x.sog --headless", 1}};
    for (const auto& c : kCases) {
        CAPTURE(c.arguments);
        const Result result = play(folder, c.arguments);
        CHECK(result.status == c.status);
        CHECK(std::ranges::count(result.errors, '\n') == (c.status ? 1 : 0));
    }
}

TEST_CASE("headless, a cloud becomes numbered images and statistics") {
    const Folder folder;
    write_ball(folder.path / "ball.ply");
    std::ofstream(folder.path / "camera.json") << kCamera;
    const Result result = play(folder,
                               "ball.ply --headless --validation -o out_%02d.png --frames 2:5 --size 96x64 "
                               "--camera camera.json --stats stats.json");
    CAPTURE(result.errors);
    REQUIRE(result.status == 0);
    CHECK(result.errors.empty());
    CHECK_FALSE(fs::exists(folder.path / "out_01.png"));
    CHECK_FALSE(fs::exists(folder.path / "out_05.png"));
    for (int i = 2; i < 5; ++i) {
        const Image8 image = read_image(folder.path / fmt::format("out_{:02}.png", i));
        REQUIRE(image.width == 96);
        REQUIRE(image.height == 64);
        CHECK(image.channels == 3);
        CHECK(is_red(image.at(48, 32)));
        CHECK(image.at(2, 2)[1] == 255);
    }
    const auto stats = nlohmann::json::parse(read_text(folder.path / "stats.json"));
    REQUIRE(stats["frames"].size() == 3);
    CHECK(stats["frames"][0]["index"] == 2);
    CHECK(stats["frames"][2]["splats"] == 1);
    CHECK(stats["frames"][2]["visible"] == 1);
    CHECK(stats["time_to_first_frame_ms"] > 0);
    CHECK(stats["dropped"] == 0);
}

TEST_CASE("headless, a SOG is shown from its bundle, its folder and its meta.json") {
    const Folder folder;
    const FileSet files = sog_files(ball());
    fs::create_directory(folder.path / "scan");
    for (const auto& [name, contents] : files)
        std::ofstream(folder.path / "scan" / name, std::ios::binary) << contents;
    std::ofstream(folder.path / "ball.sog", std::ios::binary) << zip(files);
    std::ofstream(folder.path / "camera.json") << kCamera;
    for (const char* take : {"ball.sog", "scan", "scan/meta.json"}) {
        CAPTURE(take);
        const Result result =
            play(folder,
                 fmt::format("{} --headless -o out_%02d.png --frames 0:1 --size 96x64 --camera camera.json",
                             take));
        CAPTURE(result.errors);
        REQUIRE(result.status == 0);
        CHECK(is_red(read_image(folder.path / "out_00.png").at(48, 32)));
        fs::remove(folder.path / "out_00.png");
    }
}

TEST_CASE("headless, every frame of a stream is decoded and rendered once, in order") {
    const Folder folder;
    const Result result = play(
        folder,
        fmt::format("'{}' --headless --validation -o out_%d.png --size 64x64 --stats stats.json", GOLDEN));
    CAPTURE(result.errors);
    REQUIRE(result.status == 0);
    CHECK(result.errors.empty());
    const auto stats = nlohmann::json::parse(read_text(folder.path / "stats.json"));
    REQUIRE(stats["frames"].size() == 5);
    for (int i = 0; i < 5; ++i) {
        CHECK(stats["frames"][i]["index"] == i);
        CHECK(stats["frames"][i]["splats"] == 150);
        CHECK(fs::exists(folder.path / fmt::format("out_{}.png", i)));
    }
    CHECK_FALSE(fs::exists(folder.path / "out_5.png"));
    CHECK(play(folder, fmt::format("'{}' --headless --size 64x64 --frames 1:4", GOLDEN)).status == 0);
    CHECK(play(folder, fmt::format("'{}' --headless --frames 3:6", GOLDEN)).status == 2);
}

TEST_CASE("a damaged segment costs its frames and no others") {
    const Folder folder;
    fs::copy(GOLDEN, folder.path / "take");
    const fs::path side = folder.path / "take" / "side.vol";
    std::fstream file(side, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-1, std::ios::end);
    const char last = char(file.get());
    file.seekp(-1, std::ios::end);
    file.put(char(last ^ 0x55));  // of the second segment's last chunk
    file.close();
    const Result result = play(folder, "take --headless -o out_%d.png --size 64x64 --stats stats.json");
    CAPTURE(result.errors);
    CHECK(result.status == 1);
    CHECK(std::ranges::count(result.errors, '\n') == 1);
    for (int i = 0; i < 5; ++i) CHECK(fs::exists(folder.path / fmt::format("out_{}.png", i)) == (i < 3));
    const auto stats = nlohmann::json::parse(read_text(folder.path / "stats.json"));
    REQUIRE(stats["lost"].size() == 1);
    CHECK(stats["lost"][0]["frame"] == 3);
    CHECK(stats["lost"][0]["frames"] == 2);
}

TEST_CASE("the window plays a stream") {
    const Folder folder;
    const Result result = play(
        folder, fmt::format("'{}' --validation --screenshot window.png --frames 7 --size 640x480", GOLDEN),
        true);
    CAPTURE(result.errors);
    REQUIRE(result.status == 0);
    CHECK(result.errors.empty());
    const Image8 image = read_image(folder.path / "window.png");
    REQUIRE(image.width == 640);
    CHECK(image.at(24, 450)[1] < 128);  // the panel with the timeline
}

TEST_CASE("the window shows picture and panels") {
    const Folder folder;
    write_ball(folder.path / "ball.ply");
    std::ofstream(folder.path / "camera.json") << kCamera;
    const Result result = play(
        folder,
        "ball.ply --validation --screenshot window.png --frames 2 --size 640x480 --camera camera.json", true);
    CAPTURE(result.errors);
    REQUIRE(result.status == 0);
    CHECK(result.errors.empty());
    const Image8 image = read_image(folder.path / "window.png");
    REQUIRE(image.width == 640);
    REQUIRE(image.height == 480);
    CHECK(is_red(image.at(320, 240)));
    CHECK(image.at(630, 240)[1] == 255);
    CHECK(image.at(24, 100)[1] < 128);  // the panel on the left is dark
}

TEST_CASE("without a display the window says what to do") {
    const Folder folder;
    write_ball(folder.path / "ball.ply");
    const Result result = play(folder, "ball.ply");
    CHECK(result.status == 1);
    CHECK(result.errors.find("--headless") != std::string::npos);
    CHECK(std::ranges::count(result.errors, '\n') == 1);
}
