#include "encoder/train/projection.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/train/projection.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "encoder/train/spherical_harmonics-inl.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr D d;
constexpr float kLog2E = 1.4426950408889634f;
/// Conics and centres beyond this are overflow, not splats.
constexpr float kHuge = 1e18f;

HWY_INLINE V set(float value) {
    return hn::Set(d, value);
}
/// n values, the rest 0.
HWY_INLINE V load(const float* from, std::size_t n) {
    if (n >= hn::Lanes(d)) return hn::LoadU(d, from);
    HWY_ALIGN float lanes[hn::MaxLanes(d)] = {};
    std::memcpy(lanes, from, n * sizeof(float));
    return hn::Load(d, lanes);
}
HWY_INLINE void store(V v, float* to, std::size_t n) {
    if (n >= hn::Lanes(d)) {
        hn::StoreU(v, d, to);
        return;
    }
    HWY_ALIGN float lanes[hn::MaxLanes(d)];
    hn::Store(v, d, lanes);
    std::memcpy(to, lanes, n * sizeof(float));
}

/// What forward and backward both compute of a vector of splats.
struct Geometry {
    V position[3], camera[3];  ///< in the world; in camera axes
    V u, v, inverse_z;         ///< direction x / z, y / z
    V clamped_u, clamped_v;    ///< the same inside the limits of the Jacobian
    V q[4], inverse_length;    ///< unit quaternion wxyz; 1 / length of the given one
    V r[3][3], scale[3];
    V j00, j02, j11, j12;
    V n[2][3];     ///< J · world-to-camera
    V axes[2][3];  ///< n · r
    V p[2][3];     ///< axes · scale: covariance = p pᵀ
    V xx, xy, yy;  ///< covariance with dilation
    V det_before, det;
    V opacity;  ///< the sigmoid, without compensation
};

void rotation_matrix(const V q[4], V r[3][3]) {
    const V one = set(1), two = set(2);
    const V w = q[0], x = q[1], y = q[2], z = q[3];
    r[0][0] = one - two * (y * y + z * z);
    r[0][1] = two * (x * y - w * z);
    r[0][2] = two * (x * z + w * y);
    r[1][0] = two * (x * y + w * z);
    r[1][1] = one - two * (x * x + z * z);
    r[1][2] = two * (y * z - w * x);
    r[2][0] = two * (x * z - w * y);
    r[2][1] = two * (y * z + w * x);
    r[2][2] = one - two * (x * x + y * y);
}

// Not forced inline, like the other long ones: sanitisers take minutes to compile one huge function.
Geometry geometry(const SplatCloud& cloud, const View& view, std::size_t i, std::size_t n) {
    Geometry g;
    const float* base = cloud.values.data() + i;
    const auto channel = [&](int c) { return load(base + cloud.count * std::size_t(c), n); };
    for (int k = 0; k < 3; ++k) g.position[k] = channel(SplatCloud::kPosition + k);
    for (int k = 0; k < 3; ++k) {
        V sum = set(view.translation[k]);
        for (int m = 0; m < 3; ++m) sum = hn::MulAdd(set(view.rotation[k][m]), g.position[m], sum);
        g.camera[k] = sum;
    }
    // Behind the camera nothing below means anything; a positive depth keeps it finite until it is masked.
    g.inverse_z = set(1) / hn::Max(g.camera[2], set(kNearest));
    g.u = g.camera[0] * g.inverse_z, g.v = g.camera[1] * g.inverse_z;
    g.clamped_u = hn::Min(hn::Max(g.u, set(view.u_min)), set(view.u_max));
    g.clamped_v = hn::Min(hn::Max(g.v, set(view.v_min)), set(view.v_max));

    V length = set(0);
    for (int k = 0; k < 4; ++k) {
        g.q[k] = channel(SplatCloud::kRotation + k);
        length = hn::MulAdd(g.q[k], g.q[k], length);
    }
    g.inverse_length = set(1) / hn::Sqrt(length);
    for (int k = 0; k < 4; ++k) g.q[k] = g.q[k] * g.inverse_length;
    rotation_matrix(g.q, g.r);
    for (int k = 0; k < 3; ++k) g.scale[k] = hn::Exp(d, channel(SplatCloud::kScale + k));

    g.j00 = set(view.fx) * g.inverse_z, g.j11 = set(view.fy) * g.inverse_z;
    g.j02 = hn::Neg(g.j00 * g.clamped_u), g.j12 = hn::Neg(g.j11 * g.clamped_v);
    for (int k = 0; k < 3; ++k) {
        const V depth_row = set(view.rotation[2][k]);
        g.n[0][k] = hn::MulAdd(g.j00, set(view.rotation[0][k]), g.j02 * depth_row);
        g.n[1][k] = hn::MulAdd(g.j11, set(view.rotation[1][k]), g.j12 * depth_row);
    }
    for (int i2 = 0; i2 < 2; ++i2)
        for (int k = 0; k < 3; ++k) {
            g.axes[i2][k] = g.n[i2][0] * g.r[0][k] + g.n[i2][1] * g.r[1][k] + g.n[i2][2] * g.r[2][k];
            g.p[i2][k] = g.axes[i2][k] * g.scale[k];
        }
    const V xx = g.p[0][0] * g.p[0][0] + g.p[0][1] * g.p[0][1] + g.p[0][2] * g.p[0][2];
    const V yy = g.p[1][0] * g.p[1][0] + g.p[1][1] * g.p[1][1] + g.p[1][2] * g.p[1][2];
    g.xy = g.p[0][0] * g.p[1][0] + g.p[0][1] * g.p[1][1] + g.p[0][2] * g.p[1][2];
    // det(p pᵀ) = |p0 × p1|² (Lagrange): no cancellation for needles.
    const V c0 = g.p[0][1] * g.p[1][2] - g.p[0][2] * g.p[1][1];
    const V c1 = g.p[0][2] * g.p[1][0] - g.p[0][0] * g.p[1][2];
    const V c2 = g.p[0][0] * g.p[1][1] - g.p[0][1] * g.p[1][0];
    const V dilation = set(view.dilation);
    g.det_before = c0 * c0 + c1 * c1 + c2 * c2;
    g.det = g.det_before + dilation * (xx + yy + dilation);
    g.xx = xx + dilation, g.yy = yy + dilation;

    const V logit = hn::Min(hn::Max(channel(SplatCloud::kOpacity), set(-80)), set(80));
    g.opacity = set(1) / (set(1) + hn::Exp(d, hn::Neg(logit)));
    return g;
}

/// Unit vector from the eye to the splat and 1 / distance.
HWY_INLINE void view_direction(const Geometry& g, const View& view, V direction[3], V& inverse_distance) {
    V squared = set(0);
    for (int k = 0; k < 3; ++k) {
        direction[k] = g.position[k] - set(view.eye[k]);
        squared = hn::MulAdd(direction[k], direction[k], squared);
    }
    inverse_distance = set(1) / hn::Sqrt(squared);
    for (int k = 0; k < 3; ++k) direction[k] = direction[k] * inverse_distance;
}

/// 0.5 + Σ SH · basis, before the clamp.
void raw_colour(const SplatCloud& cloud, int degree, const V* basis, std::size_t i, std::size_t n,
                V colour[3]) {
    for (int c = 0; c < 3; ++c) colour[c] = set(0.5f);
    for (int k = 0; k < sh_coefficients(degree); ++k)
        for (int c = 0; c < 3; ++c) {
            const float* from =
                cloud.values.data() + cloud.count * std::size_t(SplatCloud::kSh + 3 * k + c) + i;
            colour[c] = hn::MulAdd(basis[k], load(from, n), colour[c]);
        }
}

void seen_colour(const SplatCloud& cloud, const View& view, const Geometry& g, std::size_t i, std::size_t n,
                 V colour[3]) {
    V direction[3], inverse_distance, basis[16];
    view_direction(g, view, direction, inverse_distance);
    sh_basis(d, view.degree, direction[0], direction[1], direction[2], basis);
    raw_colour(cloud, view.degree, basis, i, n, colour);
}

/// Draws::kDepth's planes.
HWY_INLINE void depth_moments(const View& view, const Geometry& g, V moments[3]) {
    moments[0] = (g.camera[2] - set(view.depth_origin)) * set(view.inverse_depth_unit);
    moments[1] = moments[0] * moments[0];
    moments[2] = set(0);
}

void project_run(const SplatCloud& cloud, const View& view, std::size_t begin, std::size_t end,
                 ScreenSplat* screen, float* radii, Footprints& out) {
    const std::size_t lanes = hn::Lanes(d);
    constexpr std::size_t kFields = 10;
    HWY_ALIGN float fields[kFields][hn::MaxLanes(d)];
    for (std::size_t i = begin; i < end; i += lanes) {
        const std::size_t n = std::min(lanes, end - i), at = i - begin;
        const Geometry g = geometry(cloud, view, i, n);
        const V x = hn::MulAdd(set(view.fx), g.u, set(view.cx));
        const V y = hn::MulAdd(set(view.fy), g.v, set(view.cy));
        const V inverse_det = set(1) / g.det;
        // Negated halves of the conic in base 2, so that the ellipse is alpha·dx² + beta·dx·dy + gamma·dy² <=
        // level.
        const V alpha = set(0.5f * kLog2E) * g.yy * inverse_det;
        const V beta = set(-kLog2E) * g.xy * inverse_det;
        const V gamma = set(0.5f * kLog2E) * g.xx * inverse_det;
        V opacity = g.opacity;
        if (view.compensate) opacity = opacity * hn::Sqrt(g.det_before * inverse_det);
        const V log2_opacity = hn::Log2(d, hn::Max(opacity, set(1e-30f)));
        const V level = log2_opacity + set(kLog2Cut);

        V colour[3];
        if (view.draws == Draws::kColour)
            seen_colour(cloud, view, g, i, n, colour);
        else
            depth_moments(view, g, colour);

        const V extent = hn::Abs(x) + hn::Abs(y) + g.xx + g.yy + hn::Abs(colour[0]) + hn::Abs(colour[1]) +
                         hn::Abs(colour[2]) + g.camera[2];
        // Comparisons are false for NaN.
        auto drawn = hn::And(hn::Ge(g.camera[2], set(kNearest)), hn::Ge(level, set(0)));
        drawn = hn::And(drawn, hn::And(hn::Lt(extent, set(kHuge)), hn::Gt(g.det, set(0))));
        drawn = hn::And(drawn, hn::And(hn::Lt(g.det, set(kHuge)), hn::Gt(alpha * gamma, set(0))));

        const V inverse_alpha = set(1) / alpha;
        const V slope = set(-0.5f) * beta * inverse_alpha;
        // level / (alpha - beta² / (4 gamma)) = 2 ln 2 · level · covariance.
        const V reach = set(2 / kLog2E) * level;
        const V half_width = hn::Sqrt(reach * g.xx), half_height = hn::Sqrt(reach * g.yy);
        // Clamped before they become integers; an empty range where not drawn.
        const hn::RebindToSigned<D> di;
        const auto pixel = [&](V position, float low, float high) {
            return hn::ConvertTo(di, hn::Min(hn::Max(position, set(low)), set(high)));
        };
        const float width = float(view.width), height = float(view.height);
        const V margin = set(0.5f + kSlack), less = set(0.5f - kSlack);
        hn::StoreU(pixel(hn::Ceil(x - half_width - margin), 0, width), di, out.first_x + at);
        hn::StoreU(pixel(hn::Floor(x + half_width - less), -1, width - 1), di, out.last_x + at);
        const V top = hn::IfThenElse(drawn, hn::Ceil(y - half_height - margin), set(height));
        const V bottom = hn::IfThenElse(drawn, hn::Floor(y + half_height - less), set(-1));
        hn::StoreU(pixel(top, 0, height), di, out.first_y + at);
        hn::StoreU(pixel(bottom, -1, height - 1), di, out.last_y + at);
        hn::StoreU(slope, d, out.slope + at);
        hn::StoreU(level * inverse_alpha, d, out.span + at);
        // det(conic) / alpha² in the same units: 1 / (4 ln² 2 · det) · ... = det · (1 / yy)².
        const V inverse_yy = set(1) / g.yy;
        hn::StoreU(g.det * inverse_yy * inverse_yy, d, out.curvature + at);
        hn::StoreU(g.xy / g.xx * half_width, d, out.peak + at);

        const V mid = set(0.5f) * (g.xx + g.yy);
        const V largest = mid + hn::Sqrt(hn::Max(mid * mid - g.det, set(0)));
        store(hn::IfThenElseZero(drawn, set(3) * hn::Sqrt(largest)), radii + i, n);

        // Colours are clamped; depths may lie on either side of their origin.
        const V least = set(view.draws == Draws::kColour ? 0 : -kHuge);
        for (V& c : colour) c = hn::Max(c, least);
        const V values[kFields] = {
            x,         y,         hn::Neg(alpha), hn::Neg(beta), hn::Neg(gamma), log2_opacity,
            colour[0], colour[1], colour[2],      g.camera[2]};
        for (std::size_t f = 0; f < kFields; ++f) hn::Store(values[f], d, fields[f]);
        for (std::size_t lane = 0; lane < n; ++lane) {
            float splat[12] = {};
            for (std::size_t f = 0; f < kFields; ++f) splat[f] = fields[f][lane];
            std::memcpy(&screen[i + lane], splat, sizeof(splat));
        }
    }
}

/// Writes `value`, or 0 where not drawn, to a channel of the gradients.
HWY_INLINE void put(SplatCloud& gradients, int channel, std::size_t i, std::size_t n, hn::Mask<D> drawn,
                    V value) {
    store(hn::IfThenElseZero(drawn, value),
          gradients.values.data() + gradients.count * std::size_t(channel) + i, n);
}

/// Colour back to SH coefficients, and to the position through the view direction.
void colour_backward(const SplatCloud& cloud, const View& view, const Geometry& g, std::size_t i,
                     std::size_t n, hn::Mask<D> drawn, V d_colour[3], SplatCloud& gradients,
                     V d_position[3]) {
    V direction[3], inverse_distance, basis[16], colour[3], sums[16], d_direction[3];
    view_direction(g, view, direction, inverse_distance);
    sh_basis(d, view.degree, direction[0], direction[1], direction[2], basis);
    raw_colour(cloud, view.degree, basis, i, n, colour);
    for (int c = 0; c < 3; ++c) d_colour[c] = hn::IfThenElseZero(hn::Gt(colour[c], set(0)), d_colour[c]);
    const int used = sh_coefficients(view.degree), all = sh_coefficients(cloud.sh_degree);
    for (int k = 0; k < used; ++k) {
        sums[k] = set(0);
        for (int c = 0; c < 3; ++c) {
            const int channel = SplatCloud::kSh + 3 * k + c;
            const V coefficient = load(cloud.values.data() + cloud.count * std::size_t(channel) + i, n);
            sums[k] = hn::MulAdd(coefficient, d_colour[c], sums[k]);
            put(gradients, channel, i, n, drawn, basis[k] * d_colour[c]);
        }
    }
    for (int k = used; k < all; ++k)
        for (int c = 0; c < 3; ++c) put(gradients, SplatCloud::kSh + 3 * k + c, i, n, drawn, set(0));
    sh_direction_gradient(d, view.degree, direction[0], direction[1], direction[2], sums, d_direction);
    const V along =
        direction[0] * d_direction[0] + direction[1] * d_direction[1] + direction[2] * d_direction[2];
    for (int k = 0; k < 3; ++k)
        d_position[k] = d_position[k] + (d_direction[k] - direction[k] * along) * inverse_distance;
}

/// Moments of the depth back to the position.
void depth_backward(const View& view, const Geometry& g, std::size_t i, std::size_t n, hn::Mask<D> drawn,
                    const V d_moments[3], SplatCloud& gradients, V d_position[3]) {
    V moments[3];
    depth_moments(view, g, moments);
    const V d_z = hn::MulAdd(set(2) * moments[0], d_moments[1], d_moments[0]) * set(view.inverse_depth_unit);
    for (int k = 0; k < 3; ++k) d_position[k] = hn::MulAdd(d_z, set(view.rotation[2][k]), d_position[k]);
    for (int c = SplatCloud::kSh; c < gradients.channels(); ++c) put(gradients, c, i, n, drawn, set(0));
}

/// Gradient of the given quaternion from that of the rotation matrix.
void quaternion_backward(const Geometry& g, const V dr[3][3], V dq[4]) {
    const V two = set(2), w = g.q[0], x = g.q[1], y = g.q[2], z = g.q[3];
    const V yz = dr[2][1] - dr[1][2], zx = dr[0][2] - dr[2][0], xy = dr[1][0] - dr[0][1];
    const V s01 = dr[0][1] + dr[1][0], s02 = dr[0][2] + dr[2][0], s12 = dr[1][2] + dr[2][1];
    dq[0] = two * (x * yz + y * zx + z * xy);
    dq[1] = two * (y * s01 + z * s02 + w * yz - two * x * (dr[1][1] + dr[2][2]));
    dq[2] = two * (x * s01 + z * s12 + w * zx - two * y * (dr[0][0] + dr[2][2]));
    dq[3] = two * (x * s02 + y * s12 + w * xy - two * z * (dr[0][0] + dr[1][1]));
    const V along = g.q[0] * dq[0] + g.q[1] * dq[1] + g.q[2] * dq[2] + g.q[3] * dq[3];
    for (int k = 0; k < 4; ++k) dq[k] = (dq[k] - g.q[k] * along) * g.inverse_length;
}

void project_backward_run(const SplatCloud& cloud, const View& view, std::size_t begin, std::size_t end,
                          const ScreenSums& sums, SplatCloud& gradients, float* screen_gradients) {
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t i = begin; i < end; i += lanes) {
        const std::size_t n = std::min(lanes, end - i), at = i - begin;
        const auto sum = [&](int which) { return hn::LoadU(d, sums.value[which] + at); };
        const auto drawn = hn::Gt(load(sums.drawn + at, n), set(0));
        if (hn::AllFalse(d, drawn)) {
            for (int c = 0; c < gradients.channels(); ++c) put(gradients, c, i, n, drawn, set(0));
            store(set(0), screen_gradients + i, n);
            continue;
        }
        const Geometry g = geometry(cloud, view, i, n);
        const V inverse_det = set(1) / g.det, half = set(0.5f);
        const V ca = g.yy * inverse_det, cb = hn::Neg(g.xy * inverse_det), cc = g.xx * inverse_det;

        // Centre.
        const V gx = sum(ScreenSums::kGx), gy = sum(ScreenSums::kGy);
        const V dmx = ca * gx + cb * gy, dmy = cb * gx + cc * gy;
        store(hn::IfThenElseZero(drawn, hn::Sqrt(dmx * dmx + dmy * dmy)), screen_gradients + i, n);

        // d loss / d covariance = ½ X S X with the conic X and the second moments S; dxy counts both of its
        // places.
        const V sxx = sum(ScreenSums::kGxx), sxy = sum(ScreenSums::kGxy), syy = sum(ScreenSums::kGyy);
        const V y00 = ca * sxx + cb * sxy, y01 = ca * sxy + cb * syy;
        const V y10 = cb * sxx + cc * sxy, y11 = cb * sxy + cc * syy;
        V dxx = half * (y00 * ca + y01 * cb), dxy = y00 * cb + y01 * cc, dyy = half * (y10 * cb + y11 * cc);
        const V total = sum(ScreenSums::kG);
        if (view.compensate) {
            // ln(compensation) = ½ (ln det_before - ln det).
            const V before = half * total / g.det_before, after = half * total * inverse_det;
            const V dilation = set(view.dilation);
            dxx = dxx + before * (g.yy - dilation) - after * g.yy;
            dyy = dyy + before * (g.xx - dilation) - after * g.xx;
            dxy = dxy - set(2) * (before - after) * g.xy;
        }
        put(gradients, SplatCloud::kOpacity, i, n, drawn, total * (set(1) - g.opacity));

        // Covariance = p pᵀ, p = n · r · scale.
        V dn[2][3], dr[3][3], d_axes[2][3];
        for (int k = 0; k < 3; ++k) {
            const V dp0 = set(2) * dxx * g.p[0][k] + dxy * g.p[1][k];
            const V dp1 = dxy * g.p[0][k] + set(2) * dyy * g.p[1][k];
            put(gradients, SplatCloud::kScale + k, i, n, drawn, dp0 * g.p[0][k] + dp1 * g.p[1][k]);
            d_axes[0][k] = dp0 * g.scale[k], d_axes[1][k] = dp1 * g.scale[k];
        }
        for (int j = 0; j < 3; ++j) {
            for (int k = 0; k < 3; ++k) dr[j][k] = g.n[0][j] * d_axes[0][k] + g.n[1][j] * d_axes[1][k];
            for (int row = 0; row < 2; ++row)
                dn[row][j] =
                    d_axes[row][0] * g.r[j][0] + d_axes[row][1] * g.r[j][1] + d_axes[row][2] * g.r[j][2];
        }
        V dq[4];
        quaternion_backward(g, dr, dq);
        for (int k = 0; k < 4; ++k) put(gradients, SplatCloud::kRotation + k, i, n, drawn, dq[k]);

        // n = J · world-to-camera; J of the clamped direction and the depth.
        const auto along_row = [&](int row, int axis) {
            return dn[row][0] * set(view.rotation[axis][0]) + dn[row][1] * set(view.rotation[axis][1]) +
                   dn[row][2] * set(view.rotation[axis][2]);
        };
        const V dj00 = along_row(0, 0), dj02 = along_row(0, 2), dj11 = along_row(1, 1),
                dj12 = along_row(1, 2);
        V du = set(view.fx) * dmx, dv = set(view.fy) * dmy;
        du = du - hn::IfThenElseZero(hn::Eq(g.u, g.clamped_u), g.j00 * dj02);
        dv = dv - hn::IfThenElseZero(hn::Eq(g.v, g.clamped_v), g.j11 * dj12);
        const V dz = hn::Neg(
            g.inverse_z * (g.j00 * dj00 + g.j02 * dj02 + g.j11 * dj11 + g.j12 * dj12 + g.u * du + g.v * dv));
        const V d_camera[3] = {du * g.inverse_z, dv * g.inverse_z, dz};
        V d_position[3];
        for (int k = 0; k < 3; ++k)
            d_position[k] = d_camera[0] * set(view.rotation[0][k]) + d_camera[1] * set(view.rotation[1][k]) +
                            d_camera[2] * set(view.rotation[2][k]);

        V d_colour[3] = {sum(ScreenSums::kRed), sum(ScreenSums::kGreen), sum(ScreenSums::kBlue)};
        if (view.draws == Draws::kColour)
            colour_backward(cloud, view, g, i, n, drawn, d_colour, gradients, d_position);
        else
            depth_backward(view, g, i, n, drawn, d_colour, gradients, d_position);
        for (int k = 0; k < 3; ++k) put(gradients, SplatCloud::kPosition + k, i, n, drawn, d_position[k]);
    }
}

}  // namespace
}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace volumen::train {

HWY_EXPORT(project_run);
HWY_EXPORT(project_backward_run);

View make_view(const Camera& camera, const RasterSettings& settings, int cloud_degree) {
    View view{};
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 3; ++column) view.rotation[row][column] = camera.rotation[column][row];
        view.translation[row] = camera.translation[row];
        view.eye[row] = camera.centre()[row];
    }
    view.width = camera.width, view.height = camera.height;
    view.fx = camera.fx, view.fy = camera.fy, view.cx = camera.cx, view.cy = camera.cy;
    // 1.3 times the half width of the frustum, measured from its middle.
    const float margin_u = 0.15f * float(camera.width) / camera.fx;
    const float margin_v = 0.15f * float(camera.height) / camera.fy;
    view.u_min = -camera.cx / camera.fx - margin_u;
    view.u_max = (float(camera.width) - camera.cx) / camera.fx + margin_u;
    view.v_min = -camera.cy / camera.fy - margin_v;
    view.v_max = (float(camera.height) - camera.cy) / camera.fy + margin_v;
    view.dilation = settings.dilation;
    view.compensate = settings.compensate;
    view.degree = std::clamp(settings.sh_degree, 0, cloud_degree);
    view.draws = settings.draws;
    view.depth_origin = settings.depth_origin, view.inverse_depth_unit = 1 / settings.depth_unit;
    return view;
}

void project(const SplatCloud& cloud, const View& view, std::size_t begin, std::size_t end,
             ScreenSplat* screen, float* radii, Footprints& footprints) {
    HWY_DYNAMIC_DISPATCH(project_run)(cloud, view, begin, end, screen, radii, footprints);
}

void project_backward(const SplatCloud& cloud, const View& view, std::size_t begin, std::size_t end,
                      const ScreenSums& sums, SplatCloud& gradients, float* screen_gradients) {
    HWY_DYNAMIC_DISPATCH(project_backward_run)(cloud, view, begin, end, sums, gradients, screen_gradients);
}

}  // namespace volumen::train
#endif
