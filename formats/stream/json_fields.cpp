#include "formats/stream/json_fields.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "formats/core/error.h"

namespace volumen {

using nlohmann::json;

namespace {

/// Scene units; beyond it float32 has lost the metre.
constexpr double kFar = 1e9;
constexpr std::size_t kMaxText = 64;

json vector_json(glm::vec3 v) {
    return {v.x, v.y, v.z};
}

}  // namespace

const json& JsonFields::at(const char* key) const {
    if (!object.is_object() || !object.contains(key))
        throw InputError("{}: lacks \"{}\"; the file is damaged", name, key);
    return object.at(key);
}

void JsonFields::wrong(const char* key) const {
    throw InputError("{}: \"{}\" is out of range; the file is damaged", name, key);
}

double JsonFields::number(const char* key, double low, double high) const {
    const json& v = at(key);
    if (!v.is_number()) wrong(key);
    const double value = v.get<double>();
    if (!(value >= low && value <= high)) wrong(key);
    return value;
}

std::uint32_t JsonFields::integer(const char* key, std::uint32_t low, std::uint32_t high) const {
    const double value = number(key, low, high);
    if (value != std::floor(value)) wrong(key);
    return std::uint32_t(value);
}

std::string JsonFields::text(const char* key) const {
    const json& v = at(key);
    if (!v.is_string() || v.get_ref<const std::string&>().size() > kMaxText) wrong(key);
    return v.get<std::string>();
}

glm::vec3 JsonFields::vector(const char* key) const {
    const json& v = at(key);
    if (!v.is_array() || v.size() != 3) wrong(key);
    glm::vec3 out;
    for (int i = 0; i < 3; ++i) {
        const json& c = v[std::size_t(i)];
        if (!c.is_number() || !(std::abs(c.get<double>()) <= kFar)) wrong(key);
        out[i] = c.get<float>();
    }
    return out;
}

json take_json(const TakeInfo& take) {
    return {{"fps_numerator", take.fps.numerator},
            {"fps_denominator", take.fps.denominator},
            {"metres_per_unit", take.metres_per_unit},
            {"up", vector_json(take.up)},
            {"floor", take.floor},
            {"bounds_min", vector_json(take.bounds_min)},
            {"bounds_max", vector_json(take.bounds_max)},
            {"view_eye", vector_json(take.view_eye)},
            {"view_target", vector_json(take.view_target)},
            {"view_fov", take.view_fov},
            {"background", vector_json(take.background)}};
}

TakeInfo read_take_json(const json& object, const std::string& name) {
    constexpr int kMaxRate = 1'000'000;
    const JsonFields f{object, name};
    TakeInfo take;
    take.fps.numerator = int(f.integer("fps_numerator", 1, kMaxRate));
    take.fps.denominator = int(f.integer("fps_denominator", 1, kMaxRate));
    take.metres_per_unit = f.number("metres_per_unit", 1e-9, 1e9);
    take.up = f.vector("up");
    take.floor = float(f.number("floor", -kFar, kFar));
    take.bounds_min = f.vector("bounds_min"), take.bounds_max = f.vector("bounds_max");
    take.view_eye = f.vector("view_eye"), take.view_target = f.vector("view_target");
    take.view_fov = float(f.number("view_fov", 1e-3, 3.1));
    take.background = f.vector("background");
    return take;
}

}  // namespace volumen
