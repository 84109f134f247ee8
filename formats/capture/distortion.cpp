#include "formats/capture/distortion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace volumen {
namespace {

/// Steps in r² that fold() looks at, up to a half field of view of 84 degrees.
constexpr int kFoldSteps = 10000;
constexpr double kFoldMax = 100;

/// Catmull-Rom weights of the samples at -1, 0, 1, 2 for a point at t in [0, 1).
std::array<float, 4> cubic(float t) {
    const float t2 = t * t, t3 = t2 * t;
    return {0.5f * (-t3 + 2 * t2 - t), 0.5f * (3 * t3 - 5 * t2 + 2), 0.5f * (-3 * t3 + 4 * t2 + t),
            0.5f * (t3 - t2)};
}

std::uint8_t to_byte(float value) {
    return std::uint8_t(std::clamp(value + 0.5f, 0.0f, 255.0f));
}

/// The pixel at (x, y), in pixels with centres at whole numbers; the edge repeats.
template <int kChannels>
void sample(const Image8& image, float x, float y, std::uint8_t* out) {
    const int x0 = int(std::floor(x)), y0 = int(std::floor(y));
    const std::array<float, 4> wx = cubic(x - float(x0)), wy = cubic(y - float(y0));
    std::array<int, 4> column;
    for (int i = 0; i < 4; ++i)
        column[std::size_t(i)] = std::clamp(x0 - 1 + i, 0, image.width - 1) * kChannels;
    std::array<float, kChannels> sum{};
    for (int j = 0; j < 4; ++j) {
        const std::uint8_t* row = image.at(0, std::clamp(y0 - 1 + j, 0, image.height - 1));
        for (std::size_t i = 0; i < 4; ++i) {
            const std::uint8_t* pixel = row + column[i];
            const float weight = wx[i] * wy[std::size_t(j)];
            if constexpr (kChannels == 4) {
                const float alpha = weight * float(pixel[3]);
                for (std::size_t c = 0; c < 3; ++c) sum[c] += alpha * float(pixel[c]);
                sum[3] += alpha;
            } else {
                for (std::size_t c = 0; c < kChannels; ++c) sum[c] += weight * float(pixel[c]);
            }
        }
    }
    if constexpr (kChannels == 4) {
        for (std::size_t c = 0; c < 3; ++c) out[c] = sum[3] >= 0.5f ? to_byte(sum[c] / sum[3]) : 0;
        out[3] = to_byte(sum[3]);
    } else {
        for (std::size_t c = 0; c < kChannels; ++c) out[c] = to_byte(sum[c]);
    }
}

}  // namespace

glm::dvec2 Distortion::apply(glm::dvec2 p) const {
    const double r2 = p.x * p.x + p.y * p.y;
    const double radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3));
    return {p.x * radial + 2 * p1 * p.x * p.y + p2 * (r2 + 2 * p.x * p.x),
            p.y * radial + p1 * (r2 + 2 * p.y * p.y) + 2 * p2 * p.x * p.y};
}

double Distortion::fold() const {
    // d/dr of r (1 + k1 r² + k2 r⁴ + k3 r⁶)
    for (int i = 1; i <= kFoldSteps; ++i) {
        const double r2 = kFoldMax * i / kFoldSteps;
        if (1 + r2 * (3 * k1 + r2 * (5 * k2 + r2 * 7 * k3)) <= 0) return r2;
    }
    return std::numeric_limits<double>::infinity();
}

Image8 undistort(const Image8& image, const Camera& camera, const Distortion& distortion, Image8& valid) {
    Image8 out(image.width, image.height, image.channels);
    valid = Image8(image.width, image.height, 1);
    bool all_valid = true;
    const double fold = distortion.fold();
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            const glm::dvec2 ideal((x + 0.5 - camera.cx) / camera.fx, (y + 0.5 - camera.cy) / camera.fy);
            const glm::dvec2 seen = distortion.apply(ideal);
            const double u = seen.x * camera.fx + camera.cx, v = seen.y * camera.fy + camera.cy;
            std::uint8_t* to = out.at(x, y);
            const bool inside =
                glm::dot(ideal, ideal) < fold && u >= 0 && v >= 0 && u <= image.width && v <= image.height;
            *valid.at(x, y) = inside ? 255 : 0;
            all_valid &= inside;
            // Clamped before the conversion to int: far outside, the numbers grow without bound.
            const float su = float(std::clamp(u, 0.0, double(image.width)) - 0.5);
            const float sv = float(std::clamp(v, 0.0, double(image.height)) - 0.5);
            if (image.channels == 4)
                sample<4>(image, su, sv, to);
            else if (image.channels == 3)
                sample<3>(image, su, sv, to);
            else
                sample<1>(image, su, sv, to);
            if (!inside && image.channels == 4) to[3] = 0;
        }
    if (all_valid) valid = {};
    return out;
}

}  // namespace volumen
