// File names of a numbered sequence: "out_%04d.png".
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace volumen {

/// A printf-like pattern with exactly one integer conversion: `%d`, `%5d` (spaces), `%05d` (zeros); `%%` is a
/// percent sign.
class OutputPattern {
  public:
    /// Throws UsageError on anything else.
    explicit OutputPattern(std::string_view pattern);
    std::filesystem::path file(int number) const;

  private:
    std::string before_, after_;
    int width_ = 0;
    char fill_ = ' ';
};

}  // namespace volumen
