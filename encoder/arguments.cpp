#include "encoder/arguments.h"

#include <charconv>
#include <cmath>

#include "formats/core/error.h"
#include "formats/core/image.h"

namespace volumen {
namespace {

/// The number that all of `text` is, or false.
template <class Number>
bool number(const std::string& text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::vector<int> parse_list(const std::string& option, const std::string& text) {
    std::vector<int> out;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        int value = 0;
        if (!number(text.substr(begin, comma - begin), value) || value < 0)
            throw UsageError("{} {}: write numbers with commas between them, such as 3,9,14", option, text);
        out.push_back(value);
        begin = comma + 1;
    }
    return out;
}

std::pair<int, int> parse_range(const std::string& option, const std::string& text) {
    const std::size_t colon = text.find(':');
    int first = 0, end = -1;
    const bool good = colon != std::string::npos && (colon == 0 || number(text.substr(0, colon), first)) &&
                      (colon + 1 == text.size() || number(text.substr(colon + 1), end));
    if (!good || first < 0 || (end != -1 && end <= first))
        throw UsageError("{} {}: write A:B, frames A to B without B, such as 0:30", option, text);
    return {first, end};
}

std::pair<int, int> parse_size(const std::string& option, const std::string& text) {
    const std::size_t cross = text.find('x');
    int width = 0, height = 0;
    const bool good = number(text.substr(0, cross), width) &&
                      (cross == std::string::npos || (number(text.substr(cross + 1), height) && height > 0));
    if (!good || width < 1 || width > kMaxImageSide || height > kMaxImageSide)
        throw UsageError("{} {}: write the longer side (640) or WxH (504x378), up to {}", option, text,
                         kMaxImageSide);
    return {width, height};
}

double parse_bit_rate(const std::string& option, const std::string& text) {
    double factor = 1;
    std::string digits = text;
    if (!digits.empty() && (digits.back() == 'M' || digits.back() == 'k')) {
        factor = digits.back() == 'M' ? 1e6 : 1e3;
        digits.pop_back();
    }
    double value = 0;
    if (!number(digits, value) || !std::isfinite(value) || value <= 0)
        throw UsageError("{} {}: write bits per second, such as 12M or 800k", option, text);
    return value * factor;
}

FrameRate parse_frame_rate(const std::string& option, const std::string& text) {
    const std::size_t slash = text.find('/');
    int numerator = 0, denominator = 1;
    if (slash != std::string::npos) {
        if (number(text.substr(0, slash), numerator) && number(text.substr(slash + 1), denominator) &&
            numerator > 0 && denominator > 0)
            return {numerator, denominator};
    } else if (double value = 0; number(text, value) && value > 0 && value <= 1000) {
        const double ntsc = value * 1001 / 1000;  // 23.976, 29.97, 59.94 are roundings of n * 1000 / 1001
        if (std::abs(value - std::round(value)) < 1e-6) return {int(std::round(value)), 1};
        if (std::abs(ntsc - std::round(ntsc)) < 2e-3) return {int(std::round(ntsc)) * 1000, 1001};
        return {int(std::round(value * 1000)), 1000};
    }
    throw UsageError("{} {}: write frames per second, such as 24 or 30000/1001", option, text);
}

double parse_length(const std::string& option, const std::string& text) {
    double value = 0;
    if (!number(text, value) || !std::isfinite(value) || value <= 0)
        throw UsageError("{} {}: write a number above zero, such as 0.01", option, text);
    return value;
}

glm::vec3 parse_axis(const std::string& option, const std::string& text) {
    const bool minus = text.starts_with('-');
    const std::string axis = text.substr(minus);
    if (axis != "x" && axis != "y" && axis != "z")
        throw UsageError("{} {}: write an axis: x, y, z, -x, -y or -z", option, text);
    glm::vec3 out(0);
    out[axis[0] - 'x'] = minus ? -1.0f : 1.0f;
    return out;
}

}  // namespace volumen
