#include "formats/core/json.h"

#include <algorithm>
#include <cmath>

#include "formats/core/error.h"

namespace volumen {
namespace {

using nlohmann::json;

/// A calibration needs six levels; more would only cost stack.
constexpr int kMaxDepth = 64;
/// Of a file of kMaxJsonBytes, what must not become gigabytes of values: 1024 views at 100 frames, each
/// listed with some thirty values, pass.
constexpr std::size_t kMaxValues = 4u << 20;

}  // namespace

json parse_json(std::span<const std::uint8_t> bytes, const std::string& file) {
    std::size_t values = 0;
    const auto within_limits = [&](int depth, json::parse_event_t event, json&) {
        if (depth > kMaxDepth) throw InputError("{}: is nested deeper than {} levels", file, kMaxDepth);
        values += event != json::parse_event_t::key;
        if (values > kMaxValues) throw InputError("{}: holds more than {} values", file, kMaxValues);
        return true;
    };
    try {
        return json::parse(bytes.begin(), bytes.end(), within_limits);
    } catch (const json::exception& problem) {
        throw InputError("{}: not JSON: {}", file, problem.what());
    }
}

bool has_control_characters(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

const json* Keys::find(const char* key) const {
    for (const json* level : {&entry_, &root_})
        if (const auto found = level->find(key); found != level->end() && !found->is_null()) return &*found;
    return nullptr;
}

std::optional<double> Keys::number(const char* key, double least, double most) const {
    const json* value = find(key);
    if (!value) return std::nullopt;
    if (!value->is_number()) fail(key, "is not a number");
    const double number = value->get<double>();
    if (!(number >= least && number <= most))
        fail(key, fmt::format("is {}, outside {} to {}", number, least, most));
    return number;
}

std::optional<int> Keys::whole_number(const char* key, int least, int most) const {
    const std::optional<double> value = number(key, least, most);
    if (!value) return std::nullopt;
    if (*value != std::floor(*value)) fail(key, "is not a whole number");
    return int(*value);
}

std::optional<std::string> Keys::text(const char* key) const {
    const json* value = find(key);
    if (!value) return std::nullopt;
    if (!value->is_string()) fail(key, "is not a string");
    const std::string text = value->get<std::string>();
    if (has_control_characters(text))
        fail(key, "holds a control character, such as a line's end or a zero byte");
    return text;
}

void Keys::fail(const char* key, const std::string& what) const {
    throw InputError("{}: {} {}", place_, key, what);
}

}  // namespace volumen
