#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "assets/demo/choreography.h"
#include "assets/demo/field.h"
#include "assets/demo/render.h"
#include "assets/demo/take.h"
#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "formats/media/image_file.h"

using namespace volumen;
using namespace volumen::demo;
namespace fs = std::filesystem;

namespace {

struct TemporaryFolder {
    fs::path path =
        fs::temp_directory_path() /
        ("volumen_demo_" +
         std::to_string(std::hash<std::string>{}(std::to_string(reinterpret_cast<std::uintptr_t>(this)))));
    TemporaryFolder() { fs::remove_all(path); }
    ~TemporaryFolder() { fs::remove_all(path); }
};

std::string bytes_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

int bone(const Recipe& recipe, const std::string& name) {
    for (std::size_t i = 0; i < recipe.bones.size(); ++i)
        if (recipe.bones[i].name == name) return int(i);
    FAIL("no bone " << name);
    return -1;
}

/// The built-in recipe with one ball of radius 0.2 on the stage's bone, 0.8 above it, and nothing else.
Recipe lone_ball() {
    Recipe recipe = built_in_recipe();
    Shape ball;
    ball.kind = ShapeKind::ellipsoid;
    ball.bone = bone(recipe, "stage"), ball.a = {0.1f, 0.05f, 0.8f}, ball.radii = glm::vec3(0.2f);
    recipe.shapes = {ball};
    return recipe;
}

}  // namespace

TEST_CASE("the dance loops, and arms and legs keep their lengths") {
    const Recipe recipe = built_in_recipe();
    const auto first = pose_at(recipe, 0), again = pose_at(recipe, recipe.loop_seconds());
    for (std::size_t i = 0; i < first.size(); ++i) {
        float nearest = glm::length(first[i].origin - again[i].origin);
        // The balls look the same: another may have taken the place of one.
        if (recipe.bones[i].name.starts_with("ball_"))
            for (const int ball : recipe.balls)
                nearest = std::min(nearest, glm::length(first[i].origin - again[std::size_t(ball)].origin));
        CHECK(nearest < 1e-4f);
    }
    for (int frame = 0; frame < recipe.loop_frames; ++frame) {
        const auto pose = pose_at(recipe, float(frame) / float(recipe.fps));
        for (const Limb& limb : recipe.limbs)
            for (const auto& [from, to] :
                 {std::pair(limb.upper, limb.lower), std::pair(limb.lower, limb.end)}) {
                const float length = glm::length(recipe.bones[std::size_t(to)].offset);
                const glm::vec3 end = pose[std::size_t(from)]({0, 0, -length});
                CHECK(glm::length(end - pose[std::size_t(to)].origin) < 1e-4f);
            }
    }
}

TEST_CASE("a foot is always on the stage, none goes through it, and the standing one does not slide") {
    const Recipe recipe = built_in_recipe();
    const int left = bone(recipe, "foot_l"), right = bone(recipe, "foot_r");
    glm::vec3 stood_left(0);
    for (int frame = 0; frame < recipe.loop_frames; ++frame) {
        const float seconds = float(frame) / float(recipe.fps);
        const Field field(recipe, seconds);
        float lowest = 1e9f;
        for (std::size_t i = 0; i < recipe.shapes.size(); ++i) {
            if (recipe.shapes[i].bone != left && recipe.shapes[i].bone != right) continue;
            const auto bound = field.primitives()[i].bound();
            lowest = std::min({lowest, bound.a.z - bound.radius_a, bound.b.z - bound.radius_b});
        }
        CHECK(lowest == doctest::Approx(recipe.stage_height).epsilon(0.08));
        const glm::vec3 foot = pose_at(recipe, seconds)[std::size_t(left)].origin;
        if (frame == 0) stood_left = foot;
        if (frame < recipe.loop_frames / 2 - 1) CHECK(glm::length(foot - stood_left) < 1e-3f);
    }
}

TEST_CASE("balls leave a hand and arrive at the other without a jump, and fly freely between") {
    const Recipe recipe = built_in_recipe();
    const int ball = recipe.balls[0];
    const auto at = [&](float seconds) { return pose_at(recipe, seconds)[std::size_t(ball)].origin; };
    constexpr int kSteps = 2000;
    const float step = recipe.loop_seconds() / kSteps;
    int flying = 0;
    for (int i = 1; i < kSteps; ++i) {
        const glm::vec3 before = at(float(i - 1) * step), now = at(float(i) * step);
        CHECK(glm::length(now - before) < 5 * step);  // 5 m/s
        const float fall =
            (at(float(i + 20) * step).z - 2 * now.z + at(float(i - 20) * step).z) / (400 * step * step);
        if (std::abs(fall + recipe.juggling.gravity) < 0.2f) ++flying;
    }
    CHECK(flying > kSteps / 2);
}

TEST_CASE("coverage is the share of rays that meet the ball, and colour does not leak in from outside") {
    const Recipe recipe = lone_ball();
    const Field field(recipe, 0);
    const glm::vec3 centre{0.1f, 0.05f, 0.8f + recipe.stage_height};
    const Camera camera = rig_cameras(recipe.rig, 5, 96)[2];
    const Image8 image = render(recipe, field, camera);
    const glm::vec3 eye = camera.centre();
    int edges = 0;
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            int hits = 0, near = 0;
            for (int k = 0; k < kPixelSamples * kPixelSamples; ++k) {
                const float u = float(x) + (float(k % kPixelSamples) + 0.5f) / kPixelSamples;
                const float v = float(y) + (float(k / kPixelSamples) + 0.5f) / kPixelSamples;
                const glm::vec3 way = glm::transpose(camera.rotation) *
                                      glm::vec3((u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, 1);
                const glm::vec3 to = centre - eye;
                const float pass = glm::length(glm::cross(to, way)) / glm::length(way);
                hits += pass < 0.2f, near += pass < 0.2006f;  // the surface is met 0.5 mm early
            }
            const int alpha =
                int(std::lround(float(image.at(x, y)[3]) / 255 * kPixelSamples * kPixelSamples));
            CHECK((alpha >= hits && alpha <= near));
            edges += hits > 0 && hits < kPixelSamples * kPixelSamples;
            if (hits == 0 && image.at(x, y)[3] == 0) CHECK(image.at(x, y)[0] == 0);
        }
    CHECK(edges > 40);
}

TEST_CASE("a written take is the same each time, and its cameras say where the performer is") {
    const Recipe recipe = built_in_recipe();
    const TakeOptions options{.views = 3, .frames = 2, .size = 64};
    TemporaryFolder one, two;
    write_take(recipe, options, one.path);
    write_take(recipe, options, two.path);
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(one.path)) {
        if (!entry.is_regular_file()) continue;
        ++files;
        CHECK(bytes_of(entry.path()) == bytes_of(two.path / fs::relative(entry.path(), one.path)));
    }
    CHECK(files == 3 * 2 + 1);

    const Capture capture = Capture::open(one.path);
    CHECK(capture.frame_count() == 2);
    CHECK(capture.has_masks());
    CHECK(capture.info().up.z == doctest::Approx(1));
    const std::vector<Camera> cameras = rig_cameras(recipe.rig, 3, 64);
    REQUIRE(capture.views().size() == cameras.size());
    for (std::size_t i = 0; i < cameras.size(); ++i) {
        const Camera& read = capture.views()[i].camera;
        CHECK(glm::length(read.centre() - cameras[i].centre()) < 1e-4f);
        CHECK(glm::length(read.forward() - cameras[i].forward()) < 1e-4f);
        CHECK(read.fx == doctest::Approx(cameras[i].fx));
        CHECK(read.cy == doctest::Approx(cameras[i].cy));
    }

    const auto root = nlohmann::json::parse(bytes_of(one.path / "transforms.json"));
    CHECK(root["fps"] == recipe.fps);
    CHECK(root["frame_count"] == 2);
    REQUIRE(root["frames"].size() == 3);
    const auto pose = pose_at(recipe, 0);
    for (const auto& view : root["frames"]) {
        const Image8 image = read_image(one.path / view["file_path"].get<std::string>());
        REQUIRE(image.channels == 4);
        CHECK(image.at(0, 0)[3] == 0);
        glm::mat4 to_world;
        for (int r = 0; r < 4; ++r)
            for (int c = 0; c < 4; ++c) to_world[c][r] = view["transform_matrix"][r][c].get<float>();
        for (const char* name : {"head", "chest", "pelvis", "shin_l", "forearm_r", "ball_1"}) {
            const glm::vec3 joint = pose[std::size_t(bone(recipe, name))].origin;
            const glm::vec4 c = glm::inverse(to_world) * glm::vec4(joint, 1);  // OpenGL: y up, z back
            REQUIRE(c.z < 0);
            const int x = int(view["fl_x"].get<float>() * c.x / -c.z + view["cx"].get<float>());
            const int y = int(view["fl_y"].get<float>() * -c.y / -c.z + view["cy"].get<float>());
            REQUIRE((x >= 0 && y >= 0 && x < image.width && y < image.height));
            CHECK(image.at(x, y)[3] == 255);
        }
    }
}

TEST_CASE("a recipe that makes no sense is refused in words") {
    CHECK_THROWS_AS(parse_recipe("{", "r.json"), InputError);
    CHECK_THROWS_AS(read_recipe("/nonexistent/recipe.json"), InputError);
    try {
        parse_recipe(
            R"({"fps": 24, "loop_frames": 48, "bones": [{"name": "a"}, {"name": "b", "parent": "c"}]})",
            "r.json");
        FAIL("accepted");
    } catch (const InputError& e) {
        CHECK(std::string(e.what()) == "r.json: \"bones\"[1]: no bone \"c\" above");
    }
    const Recipe recipe = built_in_recipe();
    CHECK_THROWS_AS(write_take(recipe, {.views = 0}, "/nonexistent"), UsageError);
}
