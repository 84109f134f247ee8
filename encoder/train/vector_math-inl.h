// Fast vector functions. Included once per Highway target.
#if defined(VOLUMEN_TRAIN_VECTOR_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VOLUMEN_TRAIN_VECTOR_MATH_INL_H
#undef VOLUMEN_TRAIN_VECTOR_MATH_INL_H
#else
#define VOLUMEN_TRAIN_VECTOR_MATH_INL_H
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {

/// 2^x for x in [-126, 127], relative error below 3e-7; outside, any value (callers mask it away). The
/// polynomial is the minimax one of degree 5 (7.5e-8) for 2^r on [-0.5, 0.5].
template <class D, class V>
HWY_INLINE V fast_exp2(D d, V x) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::RebindToUnsigned<D> du;
    // Adding 1.5 · 2^23 rounds to an integer and leaves it in the low bits.
    const V magic = hn::Set(d, 12582912.0f);
    const V rounded = x + magic;
    const V r = x - (rounded - magic);
    V p = hn::MulAdd(hn::Set(d, 1.3276472e-3f), r, hn::Set(d, 9.67554133e-3f));
    p = hn::MulAdd(p, r, hn::Set(d, 5.55071327e-2f));
    p = hn::MulAdd(p, r, hn::Set(d, 0.240221197f));
    p = hn::MulAdd(p, r, hn::Set(d, 0.693146967f));
    p = hn::MulAdd(p, r, hn::Set(d, 1.00000007f));
    return hn::BitCast(d, hn::BitCast(du, p) + hn::ShiftLeft<23>(hn::BitCast(du, rounded)));
}

/// 1 / v to about one unit in the last place.
template <class D, class V>
HWY_INLINE V reciprocal(D d, V v) {
    namespace hn = hwy::HWY_NAMESPACE;
#if HWY_ARCH_X86
    const V guess = hn::ApproximateReciprocal(v);  // 12 bits or more
    return guess * hn::NegMulAdd(v, guess, hn::Set(d, 2.0f));
#else
    return hn::Set(d, 1.0f) / v;
#endif
}

}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
