#include "formats/capture/distortion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace volumen {
namespace {

/// Steps in r² that fold() looks at, up to a half field of view of 84 degrees.
constexpr int kFoldSteps = 10000;
constexpr double kFoldMax = 100;

/// Pixels that the sampled image repeats beyond each edge: what the kernel reaches from a point on it.
constexpr int kPad = 2;

/// Catmull-Rom weights of the samples at -1, 0, 1, 2 for a point at t in [0, 1).
std::array<float, 4> cubic(float t) {
    const float t2 = t * t, t3 = t2 * t;
    return {0.5f * (-t3 + 2 * t2 - t), 0.5f * (3 * t3 - 5 * t2 + 2), 0.5f * (-3 * t3 + 4 * t2 + t),
            0.5f * (t3 - t2)};
}

std::uint8_t to_byte(float value) {
    return std::uint8_t(std::clamp(value + 0.5f, 0.0f, 255.0f));
}

/// Four floats in one register (GCC and Clang).
using Pixel [[gnu::vector_size(16)]] = float;

/// Premultiplied floats, four a pixel whatever the image has, with repeated edges: so every sample is the
/// same sixteen vector operations.
class PaddedImage {
  public:
    explicit PaddedImage(const Image8& image)
        : stride_(std::size_t(image.width + 2 * kPad)),
          pixels_(stride_ * std::size_t(image.height + 2 * kPad)) {
        for (int y = 0; y < image.height + 2 * kPad; ++y) {
            Pixel* row = &pixels_[std::size_t(y) * stride_];
            const std::uint8_t* from = image.at(0, std::clamp(y - kPad, 0, image.height - 1));
            for (int x = 0; x < image.width; ++x, from += image.channels) {
                const float alpha = image.channels == 4 ? float(from[3]) : 1;
                row[x + kPad] =
                    Pixel{alpha * float(from[0]), alpha * float(from[1]), alpha * float(from[2]), alpha};
            }
            std::fill_n(row, kPad, row[kPad]);
            std::fill_n(row + kPad + image.width, kPad, row[kPad + image.width - 1]);
        }
    }

    /// At (x, y) in pixels with centres at +0.5, inside the image or on its edge.
    Pixel sample(float x, float y) const {
        x += kPad - 0.5f, y += kPad - 0.5f;
        const int x0 = int(x), y0 = int(y);
        const std::array<float, 4> wx = cubic(x - float(x0)), wy = cubic(y - float(y0));
        const Pixel* from = &pixels_[std::size_t(y0 - 1) * stride_ + std::size_t(x0 - 1)];
        Pixel sum{};
        for (std::size_t j = 0; j < 4; ++j, from += stride_)
            for (std::size_t i = 0; i < 4; ++i) sum += wx[i] * wy[j] * from[i];
        return sum;
    }

  private:
    std::size_t stride_;
    std::vector<Pixel> pixels_;
};

void store(const Pixel& pixel, int channels, bool inside, std::uint8_t* out) {
    if (channels == 3) {
        for (std::size_t c = 0; c < 3; ++c) out[c] = to_byte(pixel[c]);
        return;
    }
    const float alpha = pixel[3];
    for (std::size_t c = 0; c < 3; ++c) out[c] = alpha >= 0.5f ? to_byte(pixel[c] / alpha) : 0;
    out[3] = inside ? to_byte(alpha) : 0;
}

/// Where one row of the undistorted picture lies in the source, in pixels with centres at +0.5.
void trace_row(const Camera& camera, const Distortion& lens, int y, std::vector<double>& u,
               std::vector<double>& v) {
    const double iy = (y + 0.5 - camera.cy) / camera.fy;
    for (std::size_t x = 0; x < u.size(); ++x) {
        const glm::dvec2 seen = lens.apply({(double(x) + 0.5 - camera.cx) / camera.fx, iy});
        u[x] = seen.x * camera.fx + camera.cx;
        v[x] = seen.y * camera.fy + camera.cy;
    }
}

}  // namespace

glm::dvec2 Distortion::apply(glm::dvec2 p) const {
    const double r2 = p.x * p.x + p.y * p.y;
    if (fisheye) {
        const double r = std::sqrt(r2), theta = std::atan(r), t2 = theta * theta;
        const double seen = theta * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))));
        return r < 1e-12 ? p : p * (seen / r);
    }
    const double radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)));
    return {p.x * radial + 2 * p1 * p.x * p.y + p2 * (r2 + 2 * p.x * p.x),
            p.y * radial + p1 * (r2 + 2 * p.y * p.y) + 2 * p2 * p.x * p.y};
}

double Distortion::fold() const {
    // Where d/dθ θ (1 + k1 θ² + …), or d/dr r N(r²) / D(r²), is no longer positive.
    const auto rises = [&](double r2) {
        if (fisheye) {
            const double theta = std::atan(std::sqrt(r2)), t2 = theta * theta;
            return 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4))) > 0;
        }
        const double n = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)), d = 1 + r2 * (k4 + r2 * (k5 + r2 * k6));
        const double rn = r2 * (2 * k1 + r2 * (4 * k2 + r2 * 6 * k3)),
                     rd = r2 * (2 * k4 + r2 * (4 * k5 + r2 * 6 * k6));  // r dN/dr, r dD/dr
        return d > 0 && (n + rn) * d - n * rd > 0;
    };
    for (int i = 1; i <= kFoldSteps; ++i)
        if (const double r2 = kFoldMax * i / kFoldSteps; !rises(r2)) return r2;
    return std::numeric_limits<double>::infinity();
}

Image8 undistort(const Image8& image, const Camera& camera, const Distortion& distortion, Image8& valid) {
    Image8 out(image.width, image.height, image.channels);
    valid = Image8(image.width, image.height, 1);
    const PaddedImage source(image);
    bool all_valid = true;
    const double fold = distortion.fold(), width = image.width, height = image.height;
    std::vector<double> u(std::size_t(image.width)), v(u.size());
    for (int y = 0; y < image.height; ++y) {
        trace_row(camera, distortion, y, u, v);
        const double iy = (y + 0.5 - camera.cy) / camera.fy;
        for (int x = 0; x < image.width; ++x) {
            const double ix = (x + 0.5 - camera.cx) / camera.fx;
            const double su = u[std::size_t(x)], sv = v[std::size_t(x)];
            const bool inside = ix * ix + iy * iy < fold && su >= 0 && sv >= 0 && su <= width && sv <= height;
            const Pixel pixel =
                source.sample(float(std::clamp(su, 0.0, width)), float(std::clamp(sv, 0.0, height)));
            store(pixel, image.channels, inside, out.at(x, y));
            *valid.at(x, y) = inside ? 255 : 0;
            all_valid &= inside;
        }
    }
    if (all_valid) valid = {};
    return out;
}

}  // namespace volumen
