#include "player/source/view_file.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "formats/capture/capture.h"
#include "formats/core/error.h"

namespace volumen {
namespace {

using nlohmann::json;

/// "cameras.json:3" is file and view; a colon without a number after it belongs to the file's name.
std::pair<std::string, int> split_argument(const std::string& argument) {
    const std::size_t colon = argument.rfind(':');
    if (colon == std::string::npos || colon + 1 == argument.size()) return {argument, 0};
    int view = 0;
    const char* end = argument.data() + argument.size();
    const auto [stop, error] = std::from_chars(argument.data() + colon + 1, end, view);
    if (stop != end || error != std::errc() || view < 0) return {argument, 0};
    return {argument.substr(0, colon), view};
}

json read_json(const std::string& file) {
    std::ifstream in(file);
    if (!in) throw InputError("{}: cannot be read", file);
    json parsed = json::parse(in, nullptr, false);
    if (!parsed.is_object()) throw InputError("{}: is not a JSON object", file);
    return parsed;
}

glm::vec3 read_vector(const json& object, const char* key, const std::string& file) {
    const auto it = object.find(key);
    if (it == object.end() || !it->is_array() || it->size() != 3)
        throw InputError("{}: \"{}\" has to be three numbers", file, key);
    glm::vec3 out;
    for (int i = 0; i < 3; ++i) {
        if (!(*it)[i].is_number()) throw InputError("{}: \"{}\" has to be three numbers", file, key);
        out[i] = (*it)[i].get<float>();
        if (!std::isfinite(out[i])) throw InputError("{}: \"{}\" is out of range", file, key);
    }
    return out;
}

Viewpoint read_viewpoint(const json& object, const std::string& file, Viewpoint view) {
    constexpr float kDegrees = 0.017453292519943295f;
    view.eye = read_vector(object, "eye", file);
    view.target = read_vector(object, "target", file);
    if (object.contains("up")) view.up = read_vector(object, "up", file);
    if (const auto fov = object.find("fov"); fov != object.end()) {
        if (!fov->is_number()) throw InputError("{}: \"fov\" has to be a number of degrees", file);
        view.fov = fov->get<float>() * kDegrees;
        if (!(view.fov > 1e-3f && view.fov < 3.1f))
            throw InputError("{}: \"fov\" has to lie in 1 .. 175 degrees", file);
    }
    if (!(glm::length(view.target - view.eye) > 1e-6f))
        throw InputError("{}: \"eye\" and \"target\" are one point", file);
    if (!(glm::length(view.up) > 1e-6f)) throw InputError("{}: \"up\" has no length", file);
    return view;
}

}  // namespace

Camera ViewFile::camera(ViewSize size) const {
    if (!calibrated) return viewpoint.camera(size);
    Camera out = *calibrated;
    const float scale = float(size.height) / float(out.height);
    out.cx = (out.cx - 0.5f * float(out.width)) * scale + 0.5f * float(size.width);
    out.cy *= scale, out.fx *= scale, out.fy *= scale;
    out.width = size.width, out.height = size.height;
    return out;
}

std::optional<ViewSize> ViewFile::size() const {
    if (!calibrated) return std::nullopt;
    return ViewSize{calibrated->width, calibrated->height};
}

ViewFile read_view_file(const std::string& argument, const Viewpoint& defaults) {
    const auto [file, index] = split_argument(argument);
    const json object = read_json(file);
    if (object.contains("eye")) return {std::nullopt, read_viewpoint(object, file, defaults)};
    if (!object.contains("frames"))
        throw InputError("{}: has neither \"frames\" (transforms.json) nor \"eye\" and \"target\"", file);

    const Capture capture = Capture::open(file);
    if (std::size_t(index) >= capture.views().size())
        throw InputError("{}: there is no view {}; it has {}", file, index, capture.views().size());
    const Camera camera = capture.views()[std::size_t(index)].camera;
    ViewFile out{camera, defaults};
    out.viewpoint.eye = camera.centre();
    const float depth = glm::dot(defaults.target - camera.centre(), camera.forward());
    const float fallback = glm::length(defaults.target - camera.centre());
    out.viewpoint.target = camera.centre() + camera.forward() * std::max(depth, 0.1f * fallback + 1e-3f);
    out.viewpoint.fov = 2 * std::atan(0.5f * float(camera.height) / camera.fy);
    return out;
}

}  // namespace volumen
