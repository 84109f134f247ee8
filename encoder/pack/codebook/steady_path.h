// A choice a frame that changes seldom.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace volumen {

/// Finds, for one splat after another, the cheapest choice of a candidate at each frame where every change
/// from one frame to the next has a price: Viterbi's algorithm, exact. Keeps its memory from call to call.
class SteadyPath {
  public:
    /// `costs`: frames × candidates, not negative, finite. `change_cost`: not negative; infinite forbids
    /// changes. Writes the candidate chosen at each frame; of paths that cost the same, one that stays where
    /// staying is as good. Returns Σ cost + change_cost · changes.
    double find(std::span<const float> costs, std::size_t candidates, double change_cost,
                std::span<std::uint32_t> path);

  private:
    std::vector<double> best_;
    std::vector<std::uint8_t> changed_;
    std::vector<std::uint32_t> cheapest_;
};

}  // namespace volumen
