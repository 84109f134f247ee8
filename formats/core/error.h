// The errors that Volumen's programs report. One line each: what is wrong, where, and what to do.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace volumen {

/// The input is at fault (a file, a capture, a stream). Programs print it and exit with status 1.
class InputError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
    template <class... Args>
    explicit InputError(fmt::format_string<Args...> format, Args&&... args)
        : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

/// The command line is at fault. Programs print it and exit with status 2.
class UsageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
    template <class... Args>
    explicit UsageError(fmt::format_string<Args...> format, Args&&... args)
        : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

}  // namespace volumen
