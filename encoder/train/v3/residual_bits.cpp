#include "encoder/train/v3/residual_bits.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/train/v3/residual_bits.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "encoder/train/vector_math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr D d;

/// e^(-x² / 2), 0 from where floats end.
HWY_INLINE V bell(V x) {
    const V power = hn::Set(d, -0.72134752f) * x * x;
    const auto vanishes = power < hn::Set(d, -120.0f);
    return hn::IfThenZeroElse(vanishes, fast_exp2(d, hn::Max(power, hn::Set(d, -120.0f))));
}

/// Φ(-x): the share of a standard Gaussian above x. `bell_x` is bell(x).
HWY_INLINE V above(V x, V bell_x) {
    const V y = hn::Abs(x) * hn::Set(d, 0.70710678f);
    const V t = reciprocal(d, hn::MulAdd(hn::Set(d, 0.3275911f), y, hn::Set(d, 1.0f)));
    V p = hn::MulAdd(hn::Set(d, 1.061405429f), t, hn::Set(d, -1.453152027f));
    p = hn::MulAdd(p, t, hn::Set(d, 1.421413741f));
    p = hn::MulAdd(p, t, hn::Set(d, -0.284496736f));
    p = hn::MulAdd(p, t, hn::Set(d, 0.254829592f));
    const V half = hn::Set(d, 0.5f) * p * t * bell_x;
    return hn::IfThenElse(x < hn::Zero(d), hn::Set(d, 1.0f) - half, half);
}

struct Lanes {
    V probability, d_residual, d_mean, d_log_deviation;
};

HWY_INLINE Lanes look(V residual, V mean, V inverse_deviation) {
    const V off = residual - mean;
    // On the positive side the share above keeps its digits.
    const V a = hn::Abs(off), half = hn::Set(d, 0.5f);
    const V low = (a - half) * inverse_deviation, high = (a + half) * inverse_deviation;
    const V bell_low = bell(low), bell_high = bell(high);
    const V p = above(low, bell_low) - above(high, bell_high);
    const auto likely = p > hn::Set(d, CellGaussian::kLeastLikely);
    constexpr float kDensity = 0.3989422804f, kPerBit = 1.44269504f;
    const V to_bits = hn::IfThenElseZero(likely, hn::Set(d, -kPerBit * kDensity) / p);
    // Never negative: the near edge of the cell is the likelier one.
    const V d_a = to_bits * (bell_high - bell_low) * inverse_deviation;
    Lanes out;
    out.probability = hn::IfThenElse(likely, p, hn::Set(d, CellGaussian::kLeastLikely));
    out.d_residual = hn::CopySign(d_a, off);
    out.d_mean = hn::Neg(out.d_residual);
    out.d_log_deviation = hn::Neg(to_bits) * (high * bell_high - low * bell_low);
    return out;
}

void look_at(const float* residuals, std::size_t count, float mean, float log_deviation, float* probabilities,
             float* d_residuals, double* sums) {
    const std::size_t lanes = hn::Lanes(d);
    const V m = hn::Set(d, mean), inverse = hn::Set(d, std::exp(-log_deviation));
    double d_mean = 0, d_log_deviation = 0;
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const Lanes l = look(hn::LoadU(d, residuals + i), m, inverse);
        hn::StoreU(l.probability, d, probabilities + i);
        hn::StoreU(l.d_residual, d, d_residuals + i);
        d_mean += double(hn::GetLane(hn::SumOfLanes(d, l.d_mean)));
        d_log_deviation += double(hn::GetLane(hn::SumOfLanes(d, l.d_log_deviation)));
    }
    if (i < count) {
        float in[hn::MaxLanes(d)] = {}, out[2][hn::MaxLanes(d)], parts[2][hn::MaxLanes(d)];
        std::memcpy(in, residuals + i, (count - i) * sizeof(float));
        const Lanes l = look(hn::LoadU(d, in), m, inverse);
        hn::StoreU(l.probability, d, out[0]), hn::StoreU(l.d_residual, d, out[1]);
        hn::StoreU(l.d_mean, d, parts[0]), hn::StoreU(l.d_log_deviation, d, parts[1]);
        std::memcpy(probabilities + i, out[0], (count - i) * sizeof(float));
        std::memcpy(d_residuals + i, out[1], (count - i) * sizeof(float));
        for (std::size_t k = 0; k < count - i; ++k)
            d_mean += double(parts[0][k]), d_log_deviation += double(parts[1][k]);
    }
    sums[0] = d_mean, sums[1] = d_log_deviation;
}

}  // namespace
}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace volumen::train {

HWY_EXPORT(look_at);

CellGaussian::Gradient CellGaussian::operator()(std::span<const float> residuals,
                                                std::span<float> probabilities,
                                                std::span<float> d_residuals) const {
    assert(probabilities.size() == residuals.size() && d_residuals.size() == residuals.size());
    double sums[2];
    HWY_DYNAMIC_DISPATCH(look_at)
    (residuals.data(), residuals.size(), mean, log_deviation, probabilities.data(), d_residuals.data(), sums);
    return {sums[0], sums[1]};
}

}  // namespace volumen::train
#endif
