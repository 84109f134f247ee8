#include "encoder/pack/codebook/steady_path.h"

#include <algorithm>

namespace volumen {

double SteadyPath::find(std::span<const float> costs, std::size_t candidates, double change_cost,
                        std::span<std::uint32_t> path) {
    const std::size_t frames = path.size();
    best_.assign(costs.begin(), costs.begin() + std::ptrdiff_t(candidates));
    changed_.resize(frames * candidates);
    cheapest_.resize(frames);
    for (std::size_t f = 1; f < frames; ++f) {
        const auto before = std::min_element(best_.begin(), best_.end());
        cheapest_[f - 1] = std::uint32_t(before - best_.begin());
        const double move = *before + change_cost;
        for (std::size_t s = 0; s < candidates; ++s) {
            const bool change = best_[s] > move;
            changed_[f * candidates + s] = change;
            best_[s] = (change ? move : best_[s]) + costs[f * candidates + s];
        }
    }
    const auto end = std::min_element(best_.begin(), best_.end());
    std::uint32_t at = std::uint32_t(end - best_.begin());
    for (std::size_t f = frames; f-- > 0;) {
        path[f] = at;
        if (f > 0 && changed_[f * candidates + at]) at = cheapest_[f - 1];
    }
    return *end;
}

}  // namespace volumen
