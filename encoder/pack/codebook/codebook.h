// Persistent codebooks (DualGS): one attribute of a segment's splats as indices into a few entries that hold
// for all its frames, and that seldom change from frame to frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "encoder/pack/codebook/splat_history.h"

namespace volumen {

struct CodebookOptions {
    int entries = kMaxClusters;  ///< at most
    /// The share of splats whose index changes from one frame to the next, over the segment at most.
    double max_change_share = 0.015;
    /// What a change of an index costs, in units of weight · squared error, instead of max_change_share.
    std::optional<double> change_cost;
    /// How often paths and entries are fitted to each other.
    int rounds = 3;
    std::uint64_t seed = 1;
};

struct Codebook {
    int dimensions = 1;
    std::vector<float> centres;          ///< entries × dimensions: the entries before rounding
    std::vector<float> low, step;        ///< a dimension: entry = low + step · level
    std::vector<std::uint8_t> levels;    ///< entries × dimensions
    std::vector<std::uint16_t> indices;  ///< frames × splats
    double distortion = 0;               ///< Σ weight · squared error of the rounded entries
    double change_share = 0;             ///< changes / (splats · (frames − 1))
    double change_cost = 0;              ///< that it came from

    std::size_t entries() const { return levels.size() / std::size_t(dimensions); }
    /// The entries as they are decoded, entries × dimensions.
    std::vector<float> decoded() const;
};

/// Entries and paths that minimise Σ weight · squared error + change_cost · changes: k-means over a sample of
/// all vectors, then, in turn, each splat's best path through the entries (steady_path.h), among those
/// nearest to its vectors and to their means over 2, 4, 8, … frames, and each entry's best place. Entries are
/// rounded to 8 bits a dimension before the last paths are chosen, so that with a change_cost of 0 each index
/// is the nearest decoded entry. Entries lie in the order of their first principal component; those without
/// use are dropped. Threaded; the same for a seed on any number of threads. Throws InputError as kmeans does,
/// on options out of range, and where values, frames and weights do not fit together.
Codebook make_codebook(const SplatHistory& history, const CodebookOptions& options);

}  // namespace volumen
