// Values on the command line that are more than a number.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "formats/core/take_info.h"

namespace volumen {

/// "3,9,14" -> {3, 9, 14}. All throw UsageError, with the option's name, on anything else.
std::vector<int> parse_list(const std::string& option, const std::string& text);
/// "10:20" -> {10, 20}, ":20" -> {0, 20}, "10:" -> {10, -1}: frames A to B, B not among them, -1: to the end.
std::pair<int, int> parse_range(const std::string& option, const std::string& text);
/// "640" -> {640, 0} (the longer side), "504x378" -> {504, 378}.
std::pair<int, int> parse_size(const std::string& option, const std::string& text);
/// "12M", "800k", "5000000" -> bits per second.
double parse_bit_rate(const std::string& option, const std::string& text);
/// "24", "23.976" or "30000/1001".
FrameRate parse_frame_rate(const std::string& option, const std::string& text);

/// "0.01" -> a finite number above zero.
double parse_length(const std::string& option, const std::string& text);
/// "-y" -> {0, -1, 0}: x, y or z, with or without a minus.
glm::vec3 parse_axis(const std::string& option, const std::string& text);

}  // namespace volumen
