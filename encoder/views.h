// Which views and frames of a capture a command is about.
#pragma once

#include <utility>
#include <vector>

namespace volumen {

/// Views 0 to count - 1 without those held out. Throws UsageError where one does not exist or none is left.
std::vector<int> views_without(int count, const std::vector<int>& held_out);

/// [first, end) of `count` frames, end -1 meaning all. Throws UsageError where the capture lacks them.
std::pair<int, int> frames_within(int count, int first, int end);

}  // namespace volumen
