#include "assets/demo/take.h"

#include <cmath>
#include <glm/gtc/constants.hpp>
#include <nlohmann/json.hpp>

#include "assets/demo/render.h"
#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/core/parallel.h"
#include "formats/media/image_file.h"

namespace volumen::demo {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kMostViews = 256, kMostFrames = 10000, kLargestSize = 4096;

/// Camera to world in OpenGL axes (x right, y up, z back), row by row.
Json transform_matrix(const Camera& camera) {
    const glm::mat3 to_world = glm::transpose(camera.rotation);
    const glm::vec3 eye = camera.centre();
    Json rows = Json::array();
    for (int r = 0; r < 3; ++r) rows.push_back({to_world[0][r], -to_world[1][r], -to_world[2][r], eye[r]});
    rows.push_back({0, 0, 0, 1});
    return rows;
}

void write_transforms(const fs::path& file, const Recipe& recipe, const TakeOptions& options,
                      const std::vector<Camera>& cameras) {
    Json root;
    root["fps"] = recipe.fps;
    root["frame_count"] = options.frames;
    root["frames"] = Json::array();
    for (std::size_t i = 0; i < cameras.size(); ++i) {
        const Camera& c = cameras[i];
        root["frames"].push_back({{"file_path", fmt::format("image/0/{}.png", i)},
                                  {"transform_matrix", transform_matrix(c)},
                                  {"w", c.width},
                                  {"h", c.height},
                                  {"fl_x", c.fx},
                                  {"fl_y", c.fy},
                                  {"cx", c.cx},
                                  {"cy", c.cy},
                                  {"k1", 0},
                                  {"k2", 0},
                                  {"p1", 0},
                                  {"p2", 0}});
    }
    write_file(file, root.dump(1) + "\n");
}

/// The recipe as it is lit `seconds` after the start.
Recipe lit_at(Recipe recipe, float seconds, float lamp_swing) {
    const float angle = glm::radians(lamp_swing) * std::sin(glm::two_pi<float>() * seconds);
    const float c = std::cos(angle), s = std::sin(angle);
    const glm::vec3 l = recipe.key.to_light;
    recipe.key.to_light = {c * l.x - s * l.y, s * l.x + c * l.y, l.z};
    return recipe;
}

}  // namespace

void write_take(const Recipe& recipe, const TakeOptions& options, const fs::path& folder,
                const std::function<void(int done)>& frame_done) {
    const auto check = [](const char* name, int value, int most) {
        if (value < 1 || value > most) throw UsageError("--{}: {} is not in 1 .. {}", name, value, most);
    };
    check("views", options.views, kMostViews), check("frames", options.frames, kMostFrames);
    check("size", options.size, kLargestSize);
    if (!(std::abs(options.lamp_swing) <= 180))
        throw UsageError("--lamp-swing: {} is not in -180 .. 180", options.lamp_swing);
    const std::vector<Camera> cameras = rig_cameras(recipe.rig, options.views, options.size);
    try {
        fs::create_directories(folder);
        fs::remove(folder / "transforms.json");
        for (int frame = 0; frame < options.frames; ++frame) {
            const fs::path images = folder / "image" / std::to_string(frame);
            fs::create_directories(images);
            const float fps = float(recipe.fps);
            const Recipe lit =
                options.lamp_swing == 0 ? recipe : lit_at(recipe, float(frame) / fps, options.lamp_swing);
            const Field field(lit, float(frame % recipe.loop_frames) / fps);
            parallel_for(cameras.size(), 1, [&](std::size_t begin, std::size_t end, int) {
                for (std::size_t i = begin; i < end; ++i)
                    write_image(images / fmt::format("{}.png", i), render(lit, field, cameras[i]));
            });
            if (frame_done) frame_done(frame + 1);
        }
        write_transforms(folder / "transforms.json", recipe, options, cameras);
    } catch (const fs::filesystem_error& e) {
        throw InputError("{}: cannot be written ({})", e.path1().string(), e.code().message());
    }
}

}  // namespace volumen::demo
