// Which splat of one frame is which of the next, where nobody says.
#pragma once

#include <cstdint>
#include <glm/glm.hpp>
#include <limits>
#include <span>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen {

inline constexpr std::uint32_t kNoPartner = std::numeric_limits<std::uint32_t>::max();

struct Match {
    /// For each splat of `to` the splat of `from` that it continues, or kNoPartner. None is named twice.
    std::vector<std::uint32_t> partner;
    /// How far each splat of `from` goes to the next frame, smooth in space: scene units.
    std::vector<glm::vec3> motion;
};

/// Finds partners by position, shape, opacity and colour. `motion`: what each splat of `from` is expected to
/// do, or empty for standing still. Both clouds have splats, all values finite. The time grows like n log n,
/// deterministic and the same for any number of threads.
Match match_splats(const SplatCloud& from, const SplatCloud& to, std::span<const glm::vec3> motion);

/// Whether splat i of one is splat i of the other: as many of them, and alike far beyond what neighbours are.
bool same_order(const SplatCloud& from, const SplatCloud& to);

}  // namespace volumen
