#include "encoder/train/blend.h"

#include <algorithm>
#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/train/blend.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "encoder/train/vector_math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
constexpr std::size_t kBlockPixels = kBlockSide * kBlockSide;
using D = hn::CappedTag<float, kBlockPixels>;
using DI = hn::RebindToSigned<D>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;
constexpr D d;
constexpr DI di;
/// Pixels whose transmittance would fall below this take no more splats.
constexpr float kStop = 1e-4f;
/// Blocks all of whose pixels stopped are looked for every so many entries.
constexpr std::size_t kOpenInterval = 32;

HWY_INLINE V set(float value) {
    return hn::Set(d, value);
}

/// Index of the pixel (x, y) of a tile in the order of TileState.
constexpr std::size_t block_order(int x, int y) {
    return std::size_t((y / kBlockSide) * kBlocksPerSide + x / kBlockSide) * kBlockPixels +
           std::size_t((y % kBlockSide) * kBlockSide + x % kBlockSide);
}

/// Centres of the pixels of a tile, in the order of TileState, off the tile's corner.
struct PixelCentres {
    alignas(64) float x[kTilePixels], y[kTilePixels];
    constexpr PixelCentres() : x(), y() {
        for (int row = 0; row < kTileSide; ++row)
            for (int column = 0; column < kTileSide; ++column) {
                x[block_order(column, row)] = float(column) + 0.5f;
                y[block_order(column, row)] = float(row) + 0.5f;
            }
    }
};
constexpr PixelCentres kCentres;

/// Calls visit(pixel of the image, index in block order, pixels) for each piece of a row of a block that lies
/// inside the image.
template <class Visit>
HWY_INLINE void each_piece(const TileJob& job, int image_width, Visit visit) {
    for (int y = 0; y < job.height; ++y)
        for (int x = 0; x < job.width; x += kBlockSide)
            visit(std::size_t(job.y + y) * image_width + job.x + x, block_order(x, y),
                  std::min(kBlockSide, job.width - x));
}
/// Copies one piece; whole ones, nearly all, with a single move.
HWY_INLINE void copy_piece(float* to, const float* from, int pixels) {
    if (HWY_LIKELY(pixels == kBlockSide))
        std::memcpy(to, from, kBlockSide * sizeof(float));
    else
        for (int i = 0; i < pixels; ++i) to[i] = from[i];
}

/// A splat's alpha before the clip, at one vector of pixels, and where it is not cut.
struct Coverage {
    V dx, dy, alpha;
    M visible;
};

/// `x`, `y`: the tile's corner off the splat's centre; `at`: the first pixel in block order.
HWY_INLINE Coverage coverage(const TileEntry& splat, V x, V y, std::size_t at) {
    Coverage out;
    out.dx = x + hn::Load(d, kCentres.x + at);
    out.dy = y + hn::Load(d, kCentres.y + at);
    const V t = hn::MulAdd(set(splat.b), out.dy, set(splat.a) * out.dx);
    V power = hn::MulAdd(t, out.dx, set(splat.log2_opacity));
    power = hn::MulAdd(set(splat.c) * out.dy, out.dy, power);
    out.visible = hn::Ge(power, set(-kLog2Cut));
    out.alpha = fast_exp2(d, power);
    return out;
}

/// Those of `blocks` in which some pixel still takes splats.
HWY_INLINE BlockMask open_blocks(BlockMask blocks, const float* transmittance) {
    BlockMask open = blocks;
    for (BlockMask left = blocks; left; left &= left - 1) {
        const float* pixels = transmittance + std::size_t(std::countr_zero(left)) * kBlockPixels;
        V most = set(0);
        for (std::size_t lane = 0; lane < kBlockPixels; lane += hn::Lanes(d))
            most = hn::Max(most, hn::Load(d, pixels + lane));
        if (hn::AllFalse(d, hn::Gt(most, set(0)))) open &= ~(left & (~left + 1));
    }
    return open;
}

void blend(const TileJob& job, PlanarImage& image, float* alpha_out) {
    const std::size_t lanes = hn::Lanes(d);
    alignas(64) float colour[3][kTilePixels] = {};
    // Negative, or 0, in pixels that take no more splats.
    float* transmittance = job.state->transmittance;
    std::memset(transmittance, 0, sizeof(job.state->transmittance));
    each_piece(job, image.width, [&](std::size_t, std::size_t at, int pixels) {
        for (int i = 0; i < pixels; ++i) transmittance[at + std::size_t(i)] = 1;
    });
    std::fill_n(job.state->stop, kTilePixels, std::int32_t(job.entries.size()));

    BlockMask open = ~BlockMask(0);
    for (std::size_t e = 0; e < job.entries.size(); ++e) {
        if (e % kOpenInterval == kOpenInterval - 1) open = open_blocks(open, transmittance);
        TileEntry& splat = job.entries[e];
        splat.blocks &= open;
        const V x = set(float(job.x) - splat.x), y = set(float(job.y) - splat.y);
        const auto index = hn::Set(di, std::int32_t(e));
        for (BlockMask left = splat.blocks; left; left &= left - 1) {
            const std::size_t block = std::size_t(std::countr_zero(left)) * kBlockPixels;
            for (std::size_t at = block; at < block + kBlockPixels; at += lanes) {
                const Coverage c = coverage(splat, x, y, at);
                const V alpha = hn::IfThenElseZero(c.visible, hn::Min(c.alpha, set(kMaxAlpha)));
                const V before = hn::Load(d, transmittance + at), t = hn::Max(before, set(0));
                const V next = hn::NegMulAdd(alpha, t, before);
                // True also of those that stopped before, whose weight is 0 anyway.
                const M stops = hn::Lt(next, set(kStop));
                const V weight = hn::IfThenZeroElse(stops, alpha * t);
                hn::Store(hn::IfThenElse(stops, hn::Neg(hn::Abs(before)), next), d, transmittance + at);
                hn::BlendedStore(index, hn::RebindMask(di, hn::And(stops, hn::Gt(before, set(0)))), di,
                                 job.state->stop + at);
                for (int k = 0; k < 3; ++k) {
                    float* to = colour[k] + at;
                    hn::Store(hn::MulAdd(weight, set(splat.colour[k]), hn::Load(d, to)), d, to);
                }
            }
        }
    }
    alignas(64) float alpha[kTilePixels];
    for (std::size_t at = 0; at < kTilePixels; at += lanes) {
        const V t = hn::Abs(hn::Load(d, transmittance + at));
        hn::Store(t, d, transmittance + at);
        hn::Store(set(1) - t, d, alpha + at);
        for (int k = 0; k < 3; ++k)
            hn::Store(hn::MulAdd(t, set(job.background[k]), hn::Load(d, colour[k] + at)), d, colour[k] + at);
    }
    float* planes[3] = {image.plane(0).data(), image.plane(1).data(), image.plane(2).data()};
    each_piece(job, image.width, [&](std::size_t pixel, std::size_t at, int pixels) {
        for (int k = 0; k < 3; ++k) copy_piece(planes[k] + pixel, colour[k] + at, pixels);
        copy_piece(alpha_out + pixel, alpha + at, pixels);
    });
}

#if HWY_TARGET != HWY_SCALAR
/// out[0..3] = the sum of the 128-bit parts of v.
template <class DV, class VV>
HWY_INLINE void store_parts(DV dv, VV v, float* out) {
    if constexpr (hn::MaxLanes(dv) <= 4) {
        hn::StoreU(v, dv, out);
    } else {
        const hn::Half<DV> half;
        store_parts(half, hn::LowerHalf(half, v) + hn::UpperHalf(half, v), out);
    }
}

#endif

/// out[0..3] = the sums of each of four vectors over their lanes.
HWY_INLINE void store_sums(V v0, V v1, V v2, V v3, float* out) {
#if HWY_TARGET == HWY_SCALAR
    const V all[4] = {v0, v1, v2, v3};
    for (int k = 0; k < 4; ++k) out[k] = hn::GetLane(all[k]);
#else
    // Two rounds of a transpose leave in each 128-bit part the four sums of that part.
    const hn::RepartitionToWide<D> wide;
    const V v01 = hn::InterleaveLower(d, v0, v1) + hn::InterleaveUpper(d, v0, v1);
    const V v23 = hn::InterleaveLower(d, v2, v3) + hn::InterleaveUpper(d, v2, v3);
    const auto w01 = hn::BitCast(wide, v01), w23 = hn::BitCast(wide, v23);
    const V sums = hn::BitCast(d, hn::InterleaveLower(wide, w01, w23)) +
                   hn::BitCast(d, hn::InterleaveUpper(wide, w01, w23));
    store_parts(d, sums, out);
#endif
}

void blend_backward(const TileJob& job, const PlanarImage& d_image, const float* d_alpha, float* sums) {
    const std::size_t lanes = hn::Lanes(d);
    alignas(64) float g[3][kTilePixels] = {};
    alignas(64) float transmittance[kTilePixels];
    // What lies behind the entry at hand: Σ weight · (colour · g), the background and the coverage among it.
    alignas(64) float behind[kTilePixels] = {};
    std::memcpy(transmittance, job.state->transmittance, sizeof(transmittance));
    const float* planes[3] = {d_image.plane(0).data(), d_image.plane(1).data(), d_image.plane(2).data()};
    each_piece(job, d_image.width, [&](std::size_t pixel, std::size_t at, int pixels) {
        for (int k = 0; k < 3; ++k) copy_piece(g[k] + at, planes[k] + pixel, pixels);
        if (d_alpha) copy_piece(behind + at, d_alpha + pixel, pixels);
    });
    for (std::size_t at = 0; at < kTilePixels; at += lanes) {
        V sum = hn::Neg(hn::Load(d, behind + at));
        for (int k = 0; k < 3; ++k) sum = hn::MulAdd(set(job.background[k]), hn::Load(d, g[k] + at), sum);
        hn::Store(sum * hn::Load(d, transmittance + at), d, behind + at);
    }
    for (std::size_t e = job.entries.size(); e-- > 0;) {
        const TileEntry& splat = job.entries[e];
        float* out = sums + e * kEntrySums;
        if (!splat.blocks) {
            std::memset(out, 0, kEntrySums * sizeof(float));
            continue;
        }
        const V zero = set(0);
        V sg = zero, sx = zero, sy = zero, sw = zero, sxx = zero, sxy = zero, syy = zero;
        V red = zero, green = zero, blue = zero;
        const V x = set(float(job.x) - splat.x), y = set(float(job.y) - splat.y);
        const auto index = hn::Set(di, std::int32_t(e));
        for (BlockMask left = splat.blocks; left; left &= left - 1) {
            const std::size_t block = std::size_t(std::countr_zero(left)) * kBlockPixels;
            for (std::size_t at = block; at < block + kBlockPixels; at += lanes) {
                const Coverage c = coverage(splat, x, y, at);
                const M open = hn::RebindMask(d, hn::Gt(hn::Load(di, job.state->stop + at), index));
                const M counts = hn::And(c.visible, open);
                const V alpha = hn::IfThenElseZero(counts, hn::Min(c.alpha, set(kMaxAlpha)));
                const V through = set(1) - alpha;
                const V inverse = reciprocal(d, through);
                const V t = hn::Load(d, transmittance + at) * inverse;
                const V weight = alpha * t;
                const V g0 = hn::Load(d, g[0] + at), g1 = hn::Load(d, g[1] + at), g2 = hn::Load(d, g[2] + at);
                const V cg = hn::MulAdd(set(splat.colour[0]), g0,
                                        hn::MulAdd(set(splat.colour[1]), g1, set(splat.colour[2]) * g2));
                const V rest = hn::Load(d, behind + at);
                const V d_opaque = hn::NegMulAdd(rest, inverse, t * cg);
                hn::Store(hn::MulAdd(weight, cg, rest), d, behind + at);
                hn::Store(t, d, transmittance + at);
                const V ga = hn::IfThenElseZero(hn::Lt(c.alpha, set(kMaxAlpha)), d_opaque * alpha);
                const V gx = ga * c.dx, gy = ga * c.dy;
                sg = sg + ga, sx = sx + gx, sy = sy + gy, sw = sw + weight;
                sxx = hn::MulAdd(gx, c.dx, sxx), sxy = hn::MulAdd(gx, c.dy, sxy),
                syy = hn::MulAdd(gy, c.dy, syy);
                red = hn::MulAdd(weight, g0, red), green = hn::MulAdd(weight, g1, green);
                blue = hn::MulAdd(weight, g2, blue);
            }
        }
        store_sums(sg, sx, sy, sw, out);
        store_sums(sxx, sxy, syy, zero, out + 4);
        store_sums(red, green, blue, zero, out + 8);
    }
}

}  // namespace
}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace volumen::train {

HWY_EXPORT(blend);
HWY_EXPORT(blend_backward);

void blend_tile(const TileJob& job, PlanarImage& image, float* alpha) {
    HWY_DYNAMIC_DISPATCH(blend)(job, image, alpha);
}

void blend_tile_backward(const TileJob& job, const PlanarImage& d_image, const float* d_alpha, float* sums) {
    HWY_DYNAMIC_DISPATCH(blend_backward)(job, d_image, d_alpha, sums);
}

}  // namespace volumen::train
#endif
