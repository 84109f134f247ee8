#include "encoder/train/blend.h"

#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/train/blend.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "encoder/train/exp2-inl.h"
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

HWY_INLINE V set(float value) {
    return hn::Set(d, value);
}

/// Column and row of each pixel of a block.
alignas(64) constexpr float kColumn[kBlockPixels] = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
alignas(64) constexpr float kRow[kBlockPixels] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};

/// Index of the pixel (x, y) of a tile in the order of TileState.
constexpr int block_order(int x, int y) {
    return ((y / kBlockSide) * (kTileSide / kBlockSide) + x / kBlockSide) * int(kBlockPixels) +
           (y % kBlockSide) * kBlockSide + x % kBlockSide;
}

/// The exponent, its alpha before the clip, and where it counts.
struct Coverage {
    V dx, dy, alpha;
    M visible;
};

/// Pixel centres of the vector `lane` of a block whose first pixel is (x, y) off the splat's centre.
HWY_INLINE Coverage coverage(const ScreenSplat& splat, float x, float y, std::size_t lane) {
    Coverage out;
    out.dx = set(x) + hn::Load(d, kColumn + lane);
    out.dy = set(y) + hn::Load(d, kRow + lane);
    const V t = hn::MulAdd(set(splat.b), out.dy, set(splat.a) * out.dx);
    V power = hn::MulAdd(t, out.dx, set(splat.log2_opacity));
    power = hn::MulAdd(set(splat.c) * out.dy, out.dy, power);
    out.visible = hn::Ge(power, set(-kLog2Cut));
    out.alpha = fast_exp2(d, power);
    return out;
}

void blend(const TileJob& job, PlanarImage& image, float* alpha_out) {
    const std::size_t lanes = hn::Lanes(d);
    alignas(64) float colour[3][kTilePixels] = {};
    float* transmittance = job.state->transmittance;
    std::memset(transmittance, 0, sizeof(job.state->transmittance));
    // 0 marks a pixel that takes no more splats; what it had then waits in `final`.
    alignas(64) float final[kTilePixels] = {};
    for (int y = 0; y < job.height; ++y)
        for (int x = 0; x < job.width; ++x) transmittance[block_order(x, y)] = 1;
    for (std::int32_t& stop : job.state->stop) stop = std::int32_t(job.entries.size());

    std::uint32_t open = 0xffff;
    for (std::size_t e = 0; e < job.entries.size(); ++e) {
        TileEntry& entry = job.entries[e];
        const ScreenSplat& splat = job.screen[entry.splat];
        entry.blocks &= open;
        const float x0 = float(job.x) + 0.5f - splat.x, y0 = float(job.y) + 0.5f - splat.y;
        for (std::uint32_t left = entry.blocks; left; left &= left - 1) {
            const int block = std::countr_zero(left);
            const float x = x0 + float(block % 4 * kBlockSide), y = y0 + float(block / 4 * kBlockSide);
            for (std::size_t lane = 0; lane < kBlockPixels; lane += lanes) {
                const std::size_t at = std::size_t(block) * kBlockPixels + lane;
                const Coverage c = coverage(splat, x, y, lane);
                const V alpha = hn::IfThenElseZero(c.visible, hn::Min(c.alpha, set(kMaxAlpha)));
                const V t = hn::Load(d, transmittance + at);
                const V weight = alpha * t, next = t - weight;
                const M stops = hn::And(hn::Lt(next, set(kStop)), hn::Gt(t, set(0)));
                if (HWY_UNLIKELY(!hn::AllFalse(d, stops))) {
                    hn::Store(hn::IfThenElse(stops, t, hn::Load(d, final + at)), d, final + at);
                    const auto istops = hn::RebindMask(di, stops);
                    std::int32_t* stop = job.state->stop + at;
                    hn::Store(hn::IfThenElse(istops, hn::Set(di, std::int32_t(e)), hn::Load(di, stop)), di,
                              stop);
                    const V kept = hn::IfThenZeroElse(stops, weight);
                    hn::Store(hn::IfThenZeroElse(stops, next), d, transmittance + at);
                    for (int k = 0; k < 3; ++k) {
                        float* to = colour[k] + at;
                        hn::Store(hn::MulAdd(kept, set(splat.colour[k]), hn::Load(d, to)), d, to);
                    }
                    V rest = set(0);
                    for (std::size_t l = 0; l < kBlockPixels; l += lanes)
                        rest =
                            hn::Max(rest, hn::Load(d, transmittance + std::size_t(block) * kBlockPixels + l));
                    if (hn::AllFalse(d, hn::Gt(rest, set(0)))) open &= ~(1u << block);
                    continue;
                }
                hn::Store(next, d, transmittance + at);
                for (int k = 0; k < 3; ++k) {
                    float* to = colour[k] + at;
                    hn::Store(hn::MulAdd(weight, set(splat.colour[k]), hn::Load(d, to)), d, to);
                }
            }
        }
        if (!open) {
            for (std::size_t rest = e + 1; rest < job.entries.size(); ++rest) job.entries[rest].blocks = 0;
            break;
        }
    }
    for (std::size_t at = 0; at < kTilePixels; at += lanes) {
        const V t = hn::Max(hn::Load(d, transmittance + at), hn::Load(d, final + at));
        hn::Store(t, d, transmittance + at);
        for (int k = 0; k < 3; ++k)
            hn::Store(hn::MulAdd(t, set(job.background[k]), hn::Load(d, colour[k] + at)), d, colour[k] + at);
    }
    for (int y = 0; y < job.height; ++y) {
        const std::size_t row = std::size_t(job.y + y) * image.width + job.x;
        for (int x = 0; x < job.width; ++x) {
            const int at = block_order(x, y);
            for (int k = 0; k < 3; ++k) image.values[image.area() * k + row + x] = colour[k][at];
            alpha_out[row + x] = 1 - transmittance[at];
        }
    }
}

/// 1 / v to about one unit in the last place.
HWY_INLINE V reciprocal(V v) {
#if HWY_ARCH_X86
    const V guess = hn::ApproximateReciprocal(v);  // 12 bits or more
    return guess * hn::NegMulAdd(v, guess, set(2));
#else
    return set(1) / v;
#endif
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

void blend_backward(const TileJob& job, const PlanarImage& d_image, const float* d_alpha, float* slots) {
    const std::size_t lanes = hn::Lanes(d);
    alignas(64) float g[3][kTilePixels] = {};
    alignas(64) float transmittance[kTilePixels];
    // behind · = Σ over what lies behind of weight · (colour · g): what one more unit of alpha takes away.
    alignas(64) float behind[kTilePixels] = {};
    std::memcpy(transmittance, job.state->transmittance, sizeof(transmittance));
    for (int y = 0; y < job.height; ++y) {
        const std::size_t row = std::size_t(job.y + y) * d_image.width + job.x;
        for (int x = 0; x < job.width; ++x) {
            const int at = block_order(x, y);
            float sum = d_alpha ? -d_alpha[row + x] : 0.0f;
            for (int k = 0; k < 3; ++k) {
                g[k][at] = d_image.values[d_image.area() * k + row + x];
                sum += g[k][at] * job.background[k];
            }
            behind[at] = sum * transmittance[at];
        }
    }
    for (std::size_t e = job.entries.size(); e-- > 0;) {
        const TileEntry& entry = job.entries[e];
        const ScreenSplat& splat = job.screen[entry.splat];
        float* slot = slots + std::size_t(entry.slot) * kSlotFloats;
        if (!entry.blocks) {
            std::memset(slot, 0, kSlotFloats * sizeof(float));
            continue;
        }
        const V zero = set(0);
        V sg = zero, sx = zero, sy = zero, sw = zero, sxx = zero, sxy = zero, syy = zero;
        V red = zero, green = zero, blue = zero;
        const float x0 = float(job.x) + 0.5f - splat.x, y0 = float(job.y) + 0.5f - splat.y;
        for (std::uint32_t left = entry.blocks; left; left &= left - 1) {
            const int block = std::countr_zero(left);
            const float x = x0 + float(block % 4 * kBlockSide), y = y0 + float(block / 4 * kBlockSide);
            for (std::size_t lane = 0; lane < kBlockPixels; lane += lanes) {
                const std::size_t at = std::size_t(block) * kBlockPixels + lane;
                const Coverage c = coverage(splat, x, y, lane);
                const M open = hn::RebindMask(
                    d, hn::Gt(hn::Load(di, job.state->stop + at), hn::Set(di, std::int32_t(e))));
                const M counts = hn::And(c.visible, open);
                const V alpha = hn::IfThenElseZero(counts, hn::Min(c.alpha, set(kMaxAlpha)));
                const V through = set(1) - alpha;
                const V inverse = reciprocal(through);
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
        store_sums(sg, sx, sy, sw, slot);
        store_sums(sxx, sxy, syy, zero, slot + 4);
        store_sums(red, green, blue, zero, slot + 8);
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

void blend_tile_backward(const TileJob& job, const PlanarImage& d_image, const float* d_alpha, float* slots) {
    HWY_DYNAMIC_DISPATCH(blend_backward)(job, d_image, d_alpha, slots);
}

}  // namespace volumen::train
#endif
