#include "encoder/pack/atlas.h"

#include <algorithm>
#include <optional>

#include "formats/core/error.h"
#include "formats/stream/frame.h"
#include "formats/stream/limits.h"

namespace volumen {

namespace {

constexpr int kMacroblock = 16;
/// H.264 level 5.1: 983,040 macroblocks a second.
constexpr double kMaxPixelRate = 983040.0 * kMacroblock * kMacroblock;
/// Wider atlases than this help nobody: some decoders reserve rows by width.
constexpr int kMaxAspect = 4;

int round_up(int value, int to) {
    return (value + to - 1) / to * to;
}

struct Candidate {
    int width = 0, height = 0, plane_width = 0, plane_height = 0, columns = 0;
};

/// Planes of `row_blocks` blocks a row, laid out in `columns`.
Candidate arrange(std::size_t blocks, int planes, int row_blocks, int columns) {
    const int rows = int((blocks + std::size_t(row_blocks) - 1) / std::size_t(row_blocks));
    Candidate c;
    c.columns = columns;
    c.plane_width = round_up(row_blocks * kBlockSide, kMacroblock);
    c.plane_height = round_up(rows * kBlockSide, kMacroblock);
    const int plane_rows = (planes + columns - 1) / columns;
    c.width = std::max(kMinAtlasSide, round_up(columns * c.plane_width, kAtlasAlign));
    c.height = std::max(kMinAtlasSide, round_up(plane_rows * c.plane_height, kAtlasAlign));
    return c;
}

bool legal(const Candidate& c, FrameRate fps) {
    return c.width <= kMaxAtlasWidth && c.height <= kMaxAtlasHeight &&
           double(c.width) * c.height * fps.value() <= kMaxPixelRate && c.width <= kMaxAspect * c.height &&
           c.height <= kMaxAspect * c.width;
}

std::optional<Candidate> smallest(std::size_t splats, int planes, FrameRate fps, int* blocks_per_row) {
    const std::size_t blocks = (splats + kBlockSplats - 1) / kBlockSplats;
    std::optional<Candidate> best;
    const auto cost = [](const Candidate& c) {
        // Area first; of equal areas the squarer.
        return std::pair(std::int64_t(c.width) * c.height, std::abs(c.width - c.height));
    };
    for (int row_blocks = 2; row_blocks <= kMaxAtlasWidth / kBlockSide; row_blocks += 2) {
        if (row_blocks > 2 && std::size_t(row_blocks) > blocks + 1) break;
        for (int columns = 1; columns <= planes; ++columns) {
            if (columns * row_blocks * kBlockSide > kMaxAtlasWidth) break;
            if (blocks / std::size_t(row_blocks) > kMaxAtlasHeight / kBlockSide) break;
            const Candidate c = arrange(blocks, planes, row_blocks, columns);
            if (!legal(c, fps) || (best && cost(c) >= cost(*best))) continue;
            best = c;
            *blocks_per_row = row_blocks;
        }
    }
    return best;
}

std::size_t most_splats(int planes, FrameRate fps) {
    int unused = 0;
    std::size_t fits = 0, fails = std::size_t(kMaxAtlasWidth) * kMaxAtlasHeight / kBlockSplats;
    while (fails - fits > 1) {
        const std::size_t middle = fits + (fails - fits) / 2;
        (smallest(middle * kBlockSplats, planes, fps, &unused) ? fits : fails) = middle;
    }
    return fits * kBlockSplats;
}

}  // namespace

AtlasShape fit_atlas(std::size_t splats, int sh_degree, FrameRate fps) {
    const int planes = plane_count(sh_degree);
    int blocks_per_row = 0;
    const auto found = smallest(splats, planes, fps, &blocks_per_row);
    if (!found)
        throw InputError(
            "{} splats of SH degree {} at {:.4g} frames a second do not fit into the largest video that "
            "every "
            "decoder takes; at most {} do: train with fewer splats or a lower SH degree",
            splats, sh_degree, fps.value(), most_splats(planes, fps));
    AtlasShape shape;
    shape.width = found->width, shape.height = found->height;
    shape.blocks_per_row = std::uint32_t(blocks_per_row);
    for (int p = 0; p < planes; ++p) {
        shape.plane_x.push_back(std::uint16_t(p % found->columns * found->plane_width));
        shape.plane_y.push_back(std::uint16_t(p / found->columns * found->plane_height));
    }
    return shape;
}

}  // namespace volumen
