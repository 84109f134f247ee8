// Which centres are nearest to a vector, among thousands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace volumen {

/// Centres in leaves of sixteen, and boxes around those in nodes of sixteen, up to one root. A search looks
/// at sixteen at a time, nearest boxes first, and leaves out those that are farther away than what it has.
class CentreTree {
  public:
    static constexpr std::uint32_t kNoHint = std::numeric_limits<std::uint32_t>::max();

    /// `centres`: k × dimensions, finite, k ≥ 1.
    CentreTree(std::span<const float> centres, int dimensions);

    std::size_t count() const { return slot_.size(); }
    int dimensions() const { return dimensions_; }

    /// The `wanted` nearest centres of each vector (n × dimensions), nearest first, of two that are as near
    /// the one with the lower index: indices and squared distances are n × wanted. Exact, and the same
    /// whatever the hints. Where there are fewer centres, the last index is repeated at an infinite distance.
    /// `hints`: none, or n centres that may be near, or kNoHint; they may be the indices that are overwritten
    /// where wanted is 1. Not threaded.
    void nearest(std::span<const float> vectors, int wanted, std::span<const std::uint32_t> hints,
                 std::span<std::uint32_t> indices, std::span<float> squared_distances) const;

    /// One node's children, side by side for vector instructions.
    static constexpr std::size_t kFan = 16;

    struct Level {
        std::vector<float> low, high;  ///< nodes × dimensions × kFan; the leaves' centres have no `high`
    };
    std::span<const Level> levels() const { return levels_; }  ///< leaves first, one node in the last
    std::span<const std::uint32_t> centre_at() const { return centre_at_; }  ///< of a leaf's slots
    std::uint32_t slot_of(std::uint32_t centre) const { return slot_[centre]; }

  private:
    int dimensions_;
    std::vector<Level> levels_;
    std::vector<std::uint32_t> centre_at_, slot_;
};

}  // namespace volumen
