#include "encoder/pack/atlas.h"

#include <algorithm>
#include <optional>

#include "formats/core/error.h"
#include "formats/stream/frame.h"
#include "formats/stream/limits.h"

namespace volumen {

namespace {

constexpr int kMacroblock = 16;
/// Wider atlases than this help nobody: some decoders reserve rows by width.
constexpr int kMaxAspect = 4;

int round_up(int value, int to) {
    return (value + to - 1) / to * to;
}

struct Candidate {
    int width = 0, height = 0, plane_width = 0, plane_height = 0, columns = 0, row_blocks = 0;
};

/// Planes of `row_blocks` blocks a row, laid out in `columns`.
Candidate arrange(std::size_t blocks, int planes, int row_blocks, int columns) {
    const int rows = int((blocks + std::size_t(row_blocks) - 1) / std::size_t(row_blocks));
    Candidate c;
    c.columns = columns, c.row_blocks = row_blocks;
    c.plane_width = round_up(row_blocks * kBlockSide, kMacroblock);
    c.plane_height = round_up(rows * kBlockSide, kMacroblock);
    const int plane_rows = (planes + columns - 1) / columns;
    c.width = std::max(kMinAtlasSide, round_up(columns * c.plane_width, kAtlasAlign));
    c.height = std::max(kMinAtlasSide, round_up(plane_rows * c.plane_height, kAtlasAlign));
    return c;
}

bool legal(const Candidate& c, FrameRate fps, const TrackLimits& limits) {
    return c.width <= limits.max_width && c.height <= limits.max_height &&
           double(c.width) * c.height * fps.value() <= limits.max_rate && c.width <= kMaxAspect * c.height &&
           c.height <= kMaxAspect * c.width;
}

/// The smallest picture with `planes` planes.
std::optional<Candidate> smallest(std::size_t splats, int planes, FrameRate fps, const TrackLimits& limits) {
    const std::size_t blocks = (splats + kBlockSplats - 1) / kBlockSplats;
    std::optional<Candidate> best;
    const auto cost = [](const Candidate& c) {
        // Area first; of equal areas the squarer.
        return std::pair(std::int64_t(c.width) * c.height, std::abs(c.width - c.height));
    };
    for (int row_blocks = 2; row_blocks <= limits.max_width / kBlockSide; row_blocks += 2) {
        if (row_blocks > 2 && std::size_t(row_blocks) > blocks + 1) break;
        for (int columns = 1; columns <= planes; ++columns) {
            if (columns * row_blocks * kBlockSide > limits.max_width) break;
            if (blocks / std::size_t(row_blocks) > std::size_t(limits.max_height / kBlockSide)) break;
            const Candidate c = arrange(blocks, planes, row_blocks, columns);
            if (!legal(c, fps, limits) || (best && cost(c) >= cost(*best))) continue;
            best = c;
        }
    }
    return best;
}

int planes_a_track(int planes, int tracks) {
    return (planes + tracks - 1) / tracks;
}

std::size_t most_splats(int planes, FrameRate fps, const TrackLimits& limits) {
    std::size_t fits = 0, fails = std::size_t(kMaxAtlasWidth) * kMaxAtlasHeight / kBlockSplats;
    while (fails - fits > 1) {
        const std::size_t middle = fits + (fails - fits) / 2;
        const bool possible =
            smallest(middle * kBlockSplats, planes_a_track(planes, kMaxTracks), fps, limits).has_value();
        (possible ? fits : fails) = middle;
    }
    return fits * kBlockSplats;
}

}  // namespace

AtlasShape fit_atlas(std::size_t splats, int sh_degree, FrameRate fps, const TrackLimits& limits) {
    const int planes = plane_count(sh_degree);
    AtlasShape shape;
    std::optional<Candidate> found;
    for (shape.tracks = 1; shape.tracks <= kMaxTracks; ++shape.tracks) {
        found = smallest(splats, planes_a_track(planes, shape.tracks), fps, limits);
        if (found) break;
    }
    if (!found)
        throw InputError(
            "{} splats of SH degree {} at {:.4g} frames a second do not fit into {} of the largest videos "
            "that "
            "every decoder takes; at most {} do: train with fewer splats or a lower SH degree",
            splats, sh_degree, fps.value(), kMaxTracks, most_splats(planes, fps, limits));
    shape.width = found->width, shape.height = found->height * shape.tracks;
    shape.blocks_per_row = std::uint32_t(found->row_blocks);
    const int in_track = planes_a_track(planes, shape.tracks);
    for (int p = 0; p < planes; ++p) {
        const int place = p % in_track, top = p / in_track * found->height;
        shape.plane_x.push_back(std::uint16_t(place % found->columns * found->plane_width));
        shape.plane_y.push_back(std::uint16_t(top + place / found->columns * found->plane_height));
    }
    return shape;
}

}  // namespace volumen
