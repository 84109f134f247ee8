#include "player/view/governor.h"

#include <algorithm>
#include <cmath>

namespace volumen {

void Governor::rendered(double ms, double budget_ms) {
    if (ms > budget_ms) {
        fast_ = 0;
        if (++slow_ < kSlow) return;
        slow_ = 0;
        level_ = std::min(level_ + 1, kLevels - 1);
    } else {
        slow_ = 0;
        fast_ = 2 * ms < kSafe * budget_ms ? fast_ + 1 : 0;
        if (fast_ < kFast) return;
        fast_ = 0;
        level_ = std::max(level_ - 1, 0);
    }
}

ViewSize Governor::size_of(ViewSize screen) const {
    const double scale = std::exp2(-0.5 * level_);
    const auto side = [&](int pixels) {
        return std::min(pixels, std::max(kLeastSide, int(std::lround(pixels * scale))));
    };
    return {side(screen.width), side(screen.height)};
}

}  // namespace volumen
