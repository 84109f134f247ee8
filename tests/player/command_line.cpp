#include <doctest/doctest.h>

#include <vector>

#include "formats/core/error.h"
#include "player/options.h"
#include "player/output_pattern.h"
#include "player/view/commands.h"

using namespace volumen;

namespace {

std::optional<PlayOptions> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "volumen-play");
    return parse_options(int(arguments.size()), arguments.data());
}

}  // namespace

TEST_CASE("a pattern has exactly one integer conversion") {
    CHECK(OutputPattern("out_%04d.png").file(7) == "out_0007.png");
    CHECK(OutputPattern("out_%04d.png").file(123456) == "out_123456.png");
    CHECK(OutputPattern("%d").file(0) == "0");
    CHECK(OutputPattern("a/%3d.jpg").file(12) == "a/ 12.jpg");
    CHECK(OutputPattern("100%%_%02d%%").file(5) == "100%_05%");
    for (const char* bad : {"out.png", "%s.png", "%d_%d.png", "%n", "%", "%04", "%-4d.png", "%ld.png",
                            "%99999999999d", "%%d", "%*d", "", "%04d%n"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(OutputPattern{bad}, UsageError);
    }
}

TEST_CASE("frames are half-open, sizes have two sides") {
    CHECK(parse_frame_range("3:10").begin == 3);
    CHECK(parse_frame_range("3:10").count() == 7);
    for (const char* bad :
         {"", "3", ":", "3:", ":3", "3:3", "5:2", "-1:4", "a:b", "1:2:3", "1:99999999999", "0x1:3", " 1:2"})
        CHECK_THROWS_AS(parse_frame_range(bad), UsageError);
    CHECK(parse_size("640x480") == ViewSize{640, 480});
    for (const char* bad : {"", "640", "640x", "x480", "0x10", "640x480x3", "-5x5", "99999x10", "640 x 480"})
        CHECK_THROWS_AS(parse_size(bad), UsageError);
}

TEST_CASE("the command line") {
    const auto options =
        parse({"take", "--headless", "-o", "o_%03d.png", "--frames", "2:5", "--size", "64x32", "--camera",
               "t.json:3", "--stats", "s.json", "--hwaccel", "none", "--gpu", "1"});
    REQUIRE(options);
    CHECK(options->take == "take");
    CHECK(options->headless);
    CHECK(options->frames->end == 5);
    CHECK(options->size == ViewSize{64, 32});
    CHECK(options->camera == "t.json:3");
    CHECK(options->hwaccel == HwAccel::none);
    CHECK(options->gpu == "1");
    CHECK(options->loop);

    const auto window = parse({"a.ply", "--screenshot", "x.png", "--frames", "3", "--no-loop", "--up", "z"});
    REQUIRE(window);
    CHECK(window->shown_frames == 3);
    CHECK_FALSE(window->frames);
    CHECK_FALSE(window->loop);
    CHECK(window->up == glm::vec3(0, 0, 1));
    CHECK(window->joint_view == JointView::off);
    CHECK(parse({"a", "--show", "anchors"})->joint_view == JointView::anchors);
    CHECK(parse({"a"})->order == Order::distance);
    CHECK(parse({"a", "--order", "pixel"})->order == Order::pixel);
    CHECK(parse({"a"})->picture == Picture::colour);
    CHECK(parse({"a", "--picture", "overdraw"})->picture == Picture::overdraw);
    CHECK(!parse({"a"})->antialias);
    CHECK(!parse({"a"})->full_resolution);
    CHECK(parse({"a", "--resolution", "full"})->full_resolution);
    CHECK(!parse({"a"})->interpolate);
    CHECK(parse({"a", "--interpolate", "on"})->interpolate == true);
    CHECK(parse({"a", "--interpolate", "off"})->interpolate == false);
    CHECK(parse({"a", "--antialias"})->antialias);
}

TEST_CASE("wrong usage is told") {
    using Arguments = std::vector<const char*>;
    for (const Arguments& bad : {Arguments{},
                                 {"a", "b"},
                                 {"a", "--nonsense"},
                                 {"a", "--vr"},
                                 {"a", "--hwaccel", "magic"},
                                 {"a", "--order", "size"},
                                 {"a", "--picture", "mine"},
                                 {"a", "--interpolate", "sometimes"},
                                 {"a", "--interpolate", "on", "--headless"},
                                 {"a", "--show", "bones"},
                                 {"a", "--headless", "--show", "joints"},
                                 {"a", "-o", "o_%d.png"},
                                 {"a", "--headless", "-o", "out.png"},
                                 {"a", "--headless", "--fullscreen"},
                                 {"a", "--headless", "--screenshot", "x.png"},
                                 {"a", "--headless", "--frames", "5"},
                                 {"a", "--frames", "5"},
                                 {"a", "--frames", "0"},
                                 {"a", "--up", "w"},
                                 {"a", "--size"}})
        CHECK_THROWS_AS(parse(bad), UsageError);
}

TEST_CASE("keys: shift matters only where it has a meaning; while flying the letters steer") {
    constexpr int kLeft = 263, kSpace = 32, kUnused = 161;  // GLFW's codes
    CHECK(command_of({kLeft, false}, false) == Command::step_back);
    CHECK(command_of({kLeft, true}, false) == Command::segment_back);
    CHECK(command_of({kSpace, true}, false) == Command::toggle_play);
    CHECK(command_of({'S', false}, false) == Command::screenshot);
    CHECK_FALSE(command_of({'S', false}, true));
    CHECK_FALSE(command_of({'Q', true}, true));
    CHECK(command_of({'L', false}, true) == Command::toggle_loop);
    CHECK_FALSE(command_of({kUnused, false}, false));
    CHECK(key_help().size() > 10);
}
