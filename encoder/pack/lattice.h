// Values that were quantised before: decoded streams, formats of few bits.
#pragma once

#include <optional>
#include <vector>

namespace volumen {

/// The values origin + k · step, k whole.
struct Lattice {
    float origin = 0, step = 0;
};

/// The lattice on which almost all of `values` lie, when they lie on one of at most `levels` points: coding
/// them on it loses nothing, where another as fine would add its own rounding. Nothing for values that are
/// alike all, or that were never quantised. Values not between `low` and `high` have been clamped and count
/// for nothing.
std::optional<Lattice> find_lattice(const std::vector<std::vector<float>>& values, int levels, float low,
                                    float high);

}  // namespace volumen
