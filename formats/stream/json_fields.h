// Checked fields of a JSON object, and take metadata as JSON.
#pragma once

#include <glm/glm.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "formats/core/take_info.h"

namespace volumen {

/// Reads an object's fields. What is absent or out of range is an InputError that starts with `name`.
struct JsonFields {
    const nlohmann::json& object;
    const std::string& name;

    const nlohmann::json& at(const char* key) const;
    [[noreturn]] void wrong(const char* key) const;
    double number(const char* key, double low, double high) const;
    std::uint32_t integer(const char* key, std::uint32_t low, std::uint32_t high) const;
    std::string text(const char* key) const;  ///< at most 64 bytes
    glm::vec3 vector(const char* key) const;  ///< three numbers within ±1e9
};

nlohmann::json take_json(const TakeInfo& take);
TakeInfo read_take_json(const nlohmann::json& object, const std::string& name);

}  // namespace volumen
