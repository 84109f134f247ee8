// Indices over time: those of the first frame, and what changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace volumen {

struct IndexChanges {
    std::size_t splats = 0;
    std::vector<std::uint16_t> first;  ///< a splat: its index in frame 0
    std::vector<std::uint32_t>
        changes_in_frame;  ///< a frame: how many splats change their index; 0 in frame 0
    /// A change, by frame, then by splat: how many splats lie between this one and the one of the frame's
    /// change before (for its first change, in front of this one), and the splat's index from this frame on.
    std::vector<std::uint32_t> gap;
    std::vector<std::uint16_t> index;

    std::size_t frames() const { return changes_in_frame.size(); }
};

/// `indices`: frames × splats, of one frame at least.
IndexChanges index_changes(std::span<const std::uint16_t> indices, std::size_t splats);

/// Back again: frames × splats. Throws InputError where the parts do not fit together.
std::vector<std::uint16_t> all_indices(const IndexChanges& changes);

}  // namespace volumen
