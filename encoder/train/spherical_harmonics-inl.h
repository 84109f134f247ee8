// The real spherical harmonics up to degree 3 with the signs of 3DGS. Included once per Highway target.
#if defined(VOLUMEN_TRAIN_SPHERICAL_HARMONICS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VOLUMEN_TRAIN_SPHERICAL_HARMONICS_INL_H
#undef VOLUMEN_TRAIN_SPHERICAL_HARMONICS_INL_H
#else
#define VOLUMEN_TRAIN_SPHERICAL_HARMONICS_INL_H
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {

inline constexpr float kSh0 = 0.28209479177387814f, kSh1 = 0.4886025119029199f;
inline constexpr float kSh2[5] = {1.0925484305920792f, -1.0925484305920792f, 0.31539156525252005f,
                                  -1.0925484305920792f, 0.5462742152960396f};
inline constexpr float kSh3[7] = {-0.5900435899266435f, 2.890611442640554f,   -0.4570457994644658f,
                                  0.3731763325901154f,  -0.4570457994644658f, 1.445305721320277f,
                                  -0.5900435899266435f};

/// basis[k], k < (degree + 1)², at the unit direction (x, y, z).
template <class D, class V>
HWY_INLINE void sh_basis(D d, int degree, V x, V y, V z, V* basis) {
    const auto c = [d](float v) { return hwy::HWY_NAMESPACE::Set(d, v); };
    basis[0] = c(kSh0);
    if (degree < 1) return;
    basis[1] = c(-kSh1) * y, basis[2] = c(kSh1) * z, basis[3] = c(-kSh1) * x;
    if (degree < 2) return;
    const V xx = x * x, yy = y * y, zz = z * z, xy = x * y;
    basis[4] = c(kSh2[0]) * xy;
    basis[5] = c(kSh2[1]) * y * z;
    basis[6] = c(kSh2[2]) * (zz + zz - xx - yy);
    basis[7] = c(kSh2[3]) * x * z;
    basis[8] = c(kSh2[4]) * (xx - yy);
    if (degree < 3) return;
    const V three = c(3), four_zz = c(4) * zz - xx - yy;
    basis[9] = c(kSh3[0]) * y * (three * xx - yy);
    basis[10] = c(kSh3[1]) * xy * z;
    basis[11] = c(kSh3[2]) * y * four_zz;
    basis[12] = c(kSh3[3]) * z * (zz + zz - three * (xx + yy));
    basis[13] = c(kSh3[4]) * x * four_zz;
    basis[14] = c(kSh3[5]) * z * (xx - yy);
    basis[15] = c(kSh3[6]) * x * (xx - three * yy);
}

/// g[axis] = Σ_k v[k] · d basis[k] / d axis, the direction taken as three free numbers.
template <class D, class V>
HWY_INLINE void sh_direction_gradient(D d, int degree, V x, V y, V z, const V* v, V* g) {
    const auto c = [d](float value) { return hwy::HWY_NAMESPACE::Set(d, value); };
    g[0] = g[1] = g[2] = c(0);
    if (degree < 1) return;
    g[0] = c(-kSh1) * v[3], g[1] = c(-kSh1) * v[1], g[2] = c(kSh1) * v[2];
    if (degree < 2) return;
    const V v4 = c(kSh2[0]) * v[4], v5 = c(kSh2[1]) * v[5], v6 = c(2 * kSh2[2]) * v[6];
    const V v7 = c(kSh2[3]) * v[7], v8 = c(2 * kSh2[4]) * v[8];
    g[0] = g[0] + y * v4 - x * v6 + z * v7 + x * v8;
    g[1] = g[1] + x * v4 + z * v5 - y * v6 - y * v8;
    g[2] = g[2] + y * v5 + c(2) * z * v6 + x * v7;
    if (degree < 3) return;
    const V xx = x * x, yy = y * y, zz = z * z, xy = x * y, xz = x * z, yz = y * z;
    const V two = c(2), three = c(3), four = c(4), six = c(6), eight = c(8);
    const V v9 = c(kSh3[0]) * v[9], v10 = c(kSh3[1]) * v[10], v11 = c(kSh3[2]) * v[11];
    const V v12 = c(kSh3[3]) * v[12], v13 = c(kSh3[4]) * v[13], v14 = c(kSh3[5]) * v[14];
    const V v15 = c(kSh3[6]) * v[15];
    const V three_diff = three * (xx - yy);
    g[0] = g[0] + six * xy * v9 + yz * v10 - two * xy * v11 - six * xz * v12 +
           (four * zz - three * xx - yy) * v13 + two * xz * v14 + three_diff * v15;
    g[1] = g[1] + three_diff * v9 + xz * v10 + (four * zz - xx - three * yy) * v11 - six * yz * v12 -
           two * xy * v13 - two * yz * v14 - six * xy * v15;
    g[2] = g[2] + xy * v10 + eight * yz * v11 + (six * zz - three * (xx + yy)) * v12 + eight * xz * v13 +
           (xx - yy) * v14;
}

}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
