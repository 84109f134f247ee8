#include "encoder/pack/rotation.h"

#include <array>
#include <cmath>

#include "formats/core/parallel.h"

namespace volumen {

namespace {

/// w x y z
using Quaternion = std::array<float, 4>;

/// Below it w is re-picked: w follows from x, y, z, and an error in them grows by 1 / w.
constexpr float kMinW = 0.35f;
/// Axes are renamed only for a w that is this much larger: what was canonical before it was quantised stays.
constexpr float kKeptAxes = 0.05f;
constexpr std::size_t kSplatsAtOnce = 1024;

Quaternion multiply(const Quaternion& a, const Quaternion& b) {
    return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
            a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
            a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

float dot(const Quaternion& a, const Quaternion& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}

Quaternion scaled(const Quaternion& q, float by) {
    return {q[0] * by, q[1] * by, q[2] * by, q[3] * by};
}

/// A rotation of the cube: axis i of the turned frame is ± axis `source[i]` of the old one, so the scale that
/// belongs to it is the old scale `source[i]`.
struct CubeRotation {
    Quaternion q;
    std::array<int, 3> source;
};

/// The 24 rotations of the cube: normalised quaternions with components in {-1, 0, 1} that have one, two or
/// four of them, up to sign.
std::array<CubeRotation, 24> make_cube_rotations() {
    std::array<CubeRotation, 24> out{};
    std::size_t n = 0;
    for (int code = 0; code < 81; ++code) {
        const std::array<int, 4> c{code / 27 - 1, code / 9 % 3 - 1, code / 3 % 3 - 1, code % 3 - 1};
        int used = 0, leading = 0;
        for (const int v : c) {
            used += v != 0;
            if (!leading) leading = v;
        }
        if (leading != 1 || used == 3) continue;
        CubeRotation& r = out[n++];
        const float scale = 1 / std::sqrt(float(used));
        for (std::size_t i = 0; i < 4; ++i) r.q[i] = float(c[i]) * scale;
        const Quaternion inverse{r.q[0], -r.q[1], -r.q[2], -r.q[3]};
        for (std::size_t axis = 0; axis < 3; ++axis) {
            Quaternion unit{};
            unit[axis + 1] = 1;
            const Quaternion turned = multiply(multiply(r.q, unit), inverse);
            for (int k = 0; k < 3; ++k)
                if (std::abs(turned[std::size_t(k) + 1]) > 0.5f) r.source[axis] = k;
        }
    }
    return out;
}

Quaternion load(const SplatCloud& cloud, std::size_t i) {
    Quaternion q;
    for (int k = 0; k < 4; ++k) q[std::size_t(k)] = cloud.channel(SplatCloud::kRotation + k)[i];
    const float length = std::sqrt(dot(q, q));
    return length > 0 ? scaled(q, 1 / length) : Quaternion{1, 0, 0, 0};
}

void store(SplatCloud& cloud, std::size_t i, const Quaternion& q) {
    for (int k = 0; k < 4; ++k) cloud.channel(SplatCloud::kRotation + k)[i] = q[std::size_t(k)];
}

void permute_scales(SplatCloud& cloud, std::size_t i, const std::array<int, 3>& source) {
    std::array<float, 3> old;
    for (int k = 0; k < 3; ++k) old[std::size_t(k)] = cloud.channel(SplatCloud::kScale + k)[i];
    for (int k = 0; k < 3; ++k)
        cloud.channel(SplatCloud::kScale + k)[i] = old[std::size_t(source[std::size_t(k)])];
}

/// The half-turn equivalents of q about the splat's own axes, nearest to `to` (up to sign).
Quaternion nearest(const Quaternion& q, const Quaternion& to) {
    Quaternion best{};
    float best_dot = -1;
    for (std::size_t axis = 0; axis < 4; ++axis) {
        Quaternion turn{};
        turn[axis] = 1;
        const Quaternion candidate = multiply(q, turn);
        const float d = dot(candidate, to);
        if (std::abs(d) > best_dot) {
            best_dot = std::abs(d);
            best = scaled(candidate, d < 0 ? -1.0f : 1.0f);
        }
    }
    return best;
}

void canonicalise_splat(std::span<SplatCloud> frames, std::size_t i,
                        const std::array<CubeRotation, 24>& cube) {
    constexpr Quaternion kIdentity{1, 0, 0, 0};
    const Quaternion first = load(frames[0], i);
    const CubeRotation* best = &cube[0];
    float best_w = -1;
    for (const CubeRotation& r : cube) {
        float w = std::abs(multiply(first, r.q)[0]);
        if (r.q[0] == 1) w += kKeptAxes;
        if (w > best_w) best_w = w, best = &r;
    }
    Quaternion previous = kIdentity;
    for (SplatCloud& cloud : frames) {
        permute_scales(cloud, i, best->source);
        const Quaternion q = multiply(load(cloud, i), best->q);
        Quaternion chosen = nearest(q, previous);
        if (chosen[0] < kMinW) chosen = nearest(q, kIdentity);
        store(cloud, i, chosen);
        previous = chosen;
    }
}

}  // namespace

void canonicalise_rotations(std::span<SplatCloud> frames) {
    static const std::array<CubeRotation, 24> cube = make_cube_rotations();
    if (frames.empty()) return;
    parallel_for(frames[0].count, kSplatsAtOnce, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) canonicalise_splat(frames, i, cube);
    });
}

void align_axes(const SplatCloud& previous, SplatCloud& cloud) {
    // 1 - |dot| is about an eighth of the squared angle: so an angle of one radian counts like a factor of e.
    constexpr float kAngleWeight = 8;
    static const std::array<CubeRotation, 24> cube = make_cube_rotations();
    parallel_for(cloud.count, kSplatsAtOnce, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            const Quaternion before = load(previous, i), now = load(cloud, i);
            const CubeRotation* best = nullptr;
            float least = 0;
            for (const CubeRotation& r : cube) {
                float cost = kAngleWeight * (1 - std::abs(dot(multiply(now, r.q), before)));
                for (int k = 0; k < 3; ++k) {
                    const float d = cloud.channel(SplatCloud::kScale + r.source[std::size_t(k)])[i] -
                                    previous.channel(SplatCloud::kScale + k)[i];
                    cost += d * d;
                }
                if (!best || cost < least) best = &r, least = cost;
            }
            permute_scales(cloud, i, best->source);
            store(cloud, i, multiply(now, best->q));
        }
    });
}

}  // namespace volumen
