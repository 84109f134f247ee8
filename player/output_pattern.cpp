#include "player/output_pattern.h"

#include <cctype>

#include "formats/core/error.h"

namespace volumen {
namespace {

constexpr int kMaxDigits = 20;  // wider than any frame number, narrower than a file name's limit

}  // namespace

OutputPattern::OutputPattern(std::string_view pattern) {
    std::string* part = &before_;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            part->push_back(pattern[i]);
            continue;
        }
        if (++i < pattern.size() && pattern[i] == '%') {
            part->push_back('%');
            continue;
        }
        if (part == &after_)
            throw UsageError("-o {}: more than one conversion; use one, as in out_%04d.png", pattern);
        if (i < pattern.size() && pattern[i] == '0') fill_ = '0', ++i;
        for (; i < pattern.size() && std::isdigit(static_cast<unsigned char>(pattern[i])); ++i) {
            width_ = width_ * 10 + (pattern[i] - '0');
            if (width_ > kMaxDigits) throw UsageError("-o {}: at most {} digits", pattern, kMaxDigits);
        }
        if (i >= pattern.size() || pattern[i] != 'd')
            throw UsageError("-o {}: only %d, %5d, %05d and %% are understood", pattern);
        part = &after_;
    }
    if (part == &before_)
        throw UsageError("-o {}: no frame number in it; add one, as in out_%04d.png", pattern);
}

std::filesystem::path OutputPattern::file(int number) const {
    std::string digits = std::to_string(number);
    const auto missing = std::size_t(width_) - std::min(std::size_t(width_), digits.size());
    digits.insert(0, missing, fill_);
    return before_ + digits + after_;
}

}  // namespace volumen
