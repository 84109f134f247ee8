#include "encoder/train/tile_hits.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/train/tile_hits.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
/// Bands are rows of blocks; those of a tile are looked at together.
constexpr int kBands = kBlocksPerSide;
/// Columns of tiles whose blocks fit the bits of a word.
constexpr int kColumns = 32 / kBlocksPerSide;
using D = hn::CappedTag<float, kBands>;
using DI = hn::RebindToSigned<D>;
using DU = hn::RebindToUnsigned<D>;
constexpr D d;
constexpr DI di;
constexpr DU du;

HWY_INLINE hn::Vec<D> set(float value) {
    return hn::Set(d, value);
}

/// First and last block of an ellipse in each of kBands bands; first > last where it misses the band.
struct BandRanges {
    alignas(64) std::int32_t first[kBands], last[kBands];
};

HWY_INLINE void find_ranges(const ScreenSplat& splat, const Footprints& f, std::size_t i, int band,
                            BandRanges& out) {
    for (int k = 0; k < kBands; k += int(hn::Lanes(d))) {
        const auto row = hn::Iota(d, float(band + k)) * set(kBlockSide);
        const auto top = hn::Max(row, set(float(f.first_y[i])));
        const auto bottom = hn::Min(row + set(kBlockSide - 1), set(float(f.last_y[i])));
        const auto above = top + set(0.5f - splat.y), below = bottom + set(0.5f - splat.y);
        const auto reach = [&](auto dy) {
            const auto squared = hn::NegMulAdd(set(f.curvature[i]) * dy, dy, set(f.span[i]));
            return hn::Sqrt(hn::Max(squared, set(0)));
        };
        // Either flank is furthest out at ± peak and falls off monotonely on both sides of it.
        const auto at_right = hn::Min(hn::Max(set(f.peak[i]), above), below);
        const auto at_left = hn::Min(hn::Max(set(-f.peak[i]), above), below);
        const auto right =
            hn::MulAdd(set(f.slope[i]), at_right, reach(at_right)) + set(splat.x - 0.5f + kSlack);
        const auto left = hn::MulSub(set(f.slope[i]), at_left, reach(at_left)) + set(splat.x - 0.5f - kSlack);
        const auto first = hn::Max(hn::Ceil(left), set(float(f.first_x[i])));
        const auto last = hn::Min(hn::Floor(right), set(float(f.last_x[i])));
        const auto hit = hn::And(hn::Le(first, last), hn::Le(top, bottom));
        const auto first_block = hn::ShiftRight<2>(hn::ConvertTo(di, hn::IfThenElseZero(hit, first)));
        const auto last_block = hn::ShiftRight<2>(hn::ConvertTo(di, hn::IfThenElse(hit, last, set(-1))));
        hn::Store(first_block, di, out.first + k);
        hn::Store(last_block, di, out.last + k);
    }
}

/// Bit b of bits[band]: the band meets block origin + b.
HWY_INLINE void range_bits(const BandRanges& ranges, int origin, std::uint32_t* bits) {
    for (int k = 0; k < kBands; k += int(hn::Lanes(d))) {
        const auto zero = hn::Zero(di), top = hn::Set(di, 31), start = hn::Set(di, origin);
        const auto first = hn::Load(di, ranges.first + k) - start,
                   last = hn::Load(di, ranges.last + k) - start;
        const auto from = hn::Min(hn::Max(first, zero), top), to = hn::Min(hn::Max(last, zero), top);
        const auto all = hn::Set(du, ~0u);
        const auto range = hn::And(all << hn::BitCast(du, from), all >> hn::BitCast(du, top - to));
        const auto none = hn::Or(hn::Gt(first, hn::Min(last, top)), hn::Lt(last, zero));
        hn::Store(hn::IfThenZeroElse(hn::RebindMask(du, none), range), du, bits + k);
    }
}

/// Writes the hits of splat i and returns the end.
HWY_INLINE TileHit* splat_hits(const TileGrid& grid, const ScreenSplat& splat, const Footprints& f,
                               std::size_t i, TileHit* out) {
    BandRanges ranges;
    alignas(64) std::uint32_t bits[kBands];
    const int last_row = f.last_y[i] / kTileSide, last_column = f.last_x[i] / kTileSide;
    for (int row = f.first_y[i] / kTileSide; row <= last_row; ++row) {
        find_ranges(splat, f, i, row * kBands, ranges);
        for (int column = f.first_x[i] / kTileSide; column <= last_column; column += kColumns) {
            range_bits(ranges, column * kBlocksPerSide, bits);
            const std::uint32_t tile = std::uint32_t(row * grid.columns + column);
            // Every tile of the bounding box, and no branch on its blocks: how often the loop runs is known
            // early.
            for (int c = 0; c < std::min(kColumns, last_column + 1 - column); ++c) {
                BlockMask blocks = 0;
                for (int band = 0; band < kBands; ++band)
                    blocks |= BlockMask(bits[band] >> (kBlocksPerSide * c) & ((1u << kBlocksPerSide) - 1))
                              << (kBlocksPerSide * band);
                *out = {tile + std::uint32_t(c), blocks};
                out += blocks != 0;
            }
        }
    }
    return out;
}

void find_run_hits(const TileGrid& grid, const ScreenSplat* screen, std::size_t count, const Footprints& f,
                   std::uint32_t* begin, std::vector<TileHit>& hits) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < count; ++i) {
        begin[i] = std::uint32_t(used);
        if (f.first_x[i] > f.last_x[i] || f.first_y[i] > f.last_y[i]) continue;
        const std::size_t most = std::size_t(f.last_x[i] / kTileSide - f.first_x[i] / kTileSide + 1) *
                                 std::size_t(f.last_y[i] / kTileSide - f.first_y[i] / kTileSide + 1);
        // One more than there can be: the last write may be in vain.
        if (used + most + 1 > hits.size()) hits.resize(std::max(2 * hits.size(), used + most + 1));
        used = std::size_t(splat_hits(grid, screen[i], f, i, hits.data() + used) - hits.data());
    }
    std::fill(begin + count, begin + kProjectionRun + 1, std::uint32_t(used));
}

}  // namespace
}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace volumen::train {

HWY_EXPORT(find_run_hits);

void find_hits(const TileGrid& grid, const ScreenSplat* screen, std::size_t count,
               const Footprints& footprints, std::uint32_t* begin, std::vector<TileHit>& hits) {
    HWY_DYNAMIC_DISPATCH(find_run_hits)(grid, screen, count, footprints, begin, hits);
}

}  // namespace volumen::train
#endif
