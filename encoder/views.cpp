#include "encoder/views.h"

#include <algorithm>

#include "formats/core/error.h"

namespace volumen {

std::vector<int> views_without(int count, const std::vector<int>& held_out) {
    for (const int view : held_out)
        if (view < 0 || view >= count)
            throw UsageError("--views-holdout {}: the capture has views 0 to {}", view, count - 1);
    std::vector<int> views;
    for (int view = 0; view < count; ++view)
        if (std::ranges::find(held_out, view) == held_out.end()) views.push_back(view);
    if (views.empty()) throw UsageError("--views-holdout leaves no view to train on");
    return views;
}

std::pair<int, int> frames_within(int count, int first, int end) {
    if (end < 0) end = count;
    if (first < 0 || first >= end || end > count)
        throw UsageError("--frames {}:{}: the capture has frames 0:{}", first, end, count);
    return {first, end};
}

}  // namespace volumen
