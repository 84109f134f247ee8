// Captures made by a test.
#pragma once

#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "formats/capture/capture.h"
#include "formats/core/camera.h"
#include "formats/core/error.h"
#include "formats/media/image_file.h"
#include "tests/formats/media/temporary_folder.h"

namespace volumen {

/// What opening a capture says that is at fault; empty where nothing is.
inline std::string complaint(const std::filesystem::path& path) {
    try {
        Capture::open(path);
        return "";
    } catch (const InputError& error) {
        return error.what();
    }
}

/// An entry of "frames" for a camera: camera to world, OpenGL axes.
inline nlohmann::json rig_entry(const std::string& file, const Camera& camera) {
    const glm::mat3 to_world = glm::transpose(camera.rotation);
    const glm::vec3 centre = camera.centre();
    nlohmann::json matrix = nlohmann::json::array();
    for (int row = 0; row < 3; ++row)
        matrix.push_back({to_world[0][row], -to_world[1][row], -to_world[2][row], centre[row]});
    matrix.push_back({0, 0, 0, 1});
    return {{"file_path", file}, {"transform_matrix", matrix}, {"w", camera.width}, {"h", camera.height},
            {"fl_x", camera.fx}, {"fl_y", camera.fy},          {"cx", camera.cx},   {"cy", camera.cy}};
}

/// Cameras on a circle of radius 3 around (0, 0, 1), z up.
inline Camera ring_camera(int index, int count, int width, int height) {
    const float angle = 6.2831853f * float(index) / float(count);
    return Camera::look_at({3 * std::cos(angle), 3 * std::sin(angle), 1.5f}, {0, 0, 1}, {0, 0, 1}, 0.8f,
                           width, height);
}

inline Image8 flat_image(int width, int height, std::initializer_list<int> colour) {
    Image8 image(width, height, int(colour.size()));
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
        image.pixels[i] = std::uint8_t(colour.begin()[i % colour.size()]);
    return image;
}

/// Writes an image, and the folders above it.
inline void put_image(const std::filesystem::path& file, const Image8& image) {
    std::filesystem::create_directories(file.parent_path());
    write_image(file, image);
}

/// image/<frame>/<view>.png, RGBA, whose red is the frame's number, green the view's and alpha 10 * view.
inline nlohmann::json write_sequence(const TemporaryFolder& folder, int views, int frames) {
    nlohmann::json rig = {{"fps", 25}, {"frames", nlohmann::json::array()}};
    for (int view = 0; view < views; ++view) {
        rig["frames"].push_back(
            rig_entry("image/0/" + std::to_string(view) + ".png", ring_camera(view, views, 16, 12)));
        for (int frame = 0; frame < frames; ++frame)
            put_image(folder / ("image/" + std::to_string(frame) + "/" + std::to_string(view) + ".png"),
                      flat_image(16, 12, {frame, view, 200, 10 * view}));
    }
    folder.write("transforms.json", rig.dump());
    return rig;
}

}  // namespace volumen
