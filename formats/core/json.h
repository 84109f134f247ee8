// JSON that a stranger wrote: parsed within limits, looked up with errors that name the place and the key.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace volumen {

/// Throws InputError naming `file`: not JSON, or nested deeper or holding more values than any file of ours.
nlohmann::json parse_json(std::span<const std::uint8_t> bytes, const std::string& file);

/// Such as the ends of lines and of C's strings: a name with them would break the line that reports it.
bool has_control_characters(std::string_view text);

/// Looks keys up in one entry first, then in the whole file; null counts as absent. All throw InputError
/// "{place}: {key} {what}".
class Keys {
  public:
    Keys(const nlohmann::json& entry, const nlohmann::json& root, std::string place)
        : entry_(entry), root_(root), place_(std::move(place)) {}

    const nlohmann::json* find(const char* key) const;
    std::optional<double> number(const char* key, double least, double most) const;
    std::optional<int> whole_number(const char* key, int least, int most) const;
    std::optional<std::string> text(const char* key) const;
    [[noreturn]] void fail(const char* key, const std::string& what) const;

  private:
    const nlohmann::json &entry_, &root_;
    std::string place_;
};

}  // namespace volumen
