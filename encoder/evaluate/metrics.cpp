#include "encoder/evaluate/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace volumen {
namespace {

constexpr int kWindow = 11, kRadius = kWindow / 2;

std::array<float, kWindow> gaussian() {
    constexpr double kSigma = 1.5;
    std::array<double, kWindow> w{};
    double sum = 0;
    for (int i = 0; i < kWindow; ++i)
        sum += w[std::size_t(i)] = std::exp(-(i - kRadius) * (i - kRadius) / (2 * kSigma * kSigma));
    std::array<float, kWindow> out{};
    for (int i = 0; i < kWindow; ++i) out[std::size_t(i)] = float(w[std::size_t(i)] / sum);
    return out;
}

struct Box {
    int x0, y0, x1, y1;  ///< x1 and y1 exclusive
    int width() const { return x1 - x0; }
    int height() const { return y1 - y0; }
};

bool is_valid(const Image8& valid, int x, int y) {
    return valid.empty() || *valid.at(x, y) != 0;
}

/// Where the images differ, empty (x1 <= x0) if nowhere.
Box differing(const Image8& a, const Image8& b, const Image8& valid) {
    Box box{a.width, a.height, 0, 0};
    for (int y = 0; y < a.height; ++y)
        for (int x = 0; x < a.width; ++x) {
            if (std::equal(a.at(x, y), a.at(x, y) + 3, b.at(x, y)) || !is_valid(valid, x, y)) continue;
            box = {std::min(box.x0, x), std::min(box.y0, y), std::max(box.x1, x + 1),
                   std::max(box.y1, y + 1)};
        }
    return box;
}

Box grown(const Box& box, int by, const Image8& image) {
    return {std::max(box.x0 - by, 0), std::max(box.y0 - by, 0), std::min(box.x1 + by, image.width),
            std::min(box.y1 + by, image.height)};
}

/// Local moments of one colour of two images, blurred along one axis and then the other.
class Moments {
  public:
    static constexpr int kCount = 5;  ///< a, b, a², b², ab

    Moments(int width, int height) : width_(width), height_(height) {
        values_.resize(std::size_t(width) * height * kCount);
        blurred_.resize(values_.size());
    }
    float* row(int y, int moment) { return values_.data() + (std::size_t(y) * kCount + moment) * width_; }

    void set(int x, int y, float a, float b) {
        const std::array<float, kCount> m{a, b, a * a, b * b, a * b};
        for (int k = 0; k < kCount; ++k) row(y, k)[x] = m[std::size_t(k)];
    }

    /// Outside lies zero.
    void blur() {
        static const std::array<float, kWindow> w = gaussian();
        const int rows = height_ * kCount;
        std::fill(blurred_.begin(), blurred_.end(), 0.0f);
        for (int r = 0; r < rows; ++r) {
            const float* in = values_.data() + std::size_t(r) * width_;
            float* out = blurred_.data() + std::size_t(r) * width_;
            for (int k = -kRadius; k <= kRadius; ++k) {
                const float weight = w[std::size_t(k + kRadius)];
                const int begin = std::max(0, -k), end = std::min(width_, width_ - k);
                for (int x = begin; x < end; ++x) out[x] += weight * in[x + k];
            }
        }
        std::fill(values_.begin(), values_.end(), 0.0f);
        const std::size_t stride = std::size_t(width_) * kCount;
        for (int y = 0; y < height_; ++y)
            for (int k = -kRadius; k <= kRadius; ++k) {
                if (y + k < 0 || y + k >= height_) continue;
                const float weight = w[std::size_t(k + kRadius)];
                const float* in = blurred_.data() + std::size_t(y + k) * stride;
                float* out = values_.data() + std::size_t(y) * stride;
                for (std::size_t i = 0; i < stride; ++i) out[i] += weight * in[i];
            }
    }

    double ssim(int x, int y) {
        constexpr double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
        const double a = row(y, 0)[x], b = row(y, 1)[x];
        const double var_a = row(y, 2)[x] - a * a, var_b = row(y, 3)[x] - b * b, cov = row(y, 4)[x] - a * b;
        return (2 * a * b + c1) * (2 * cov + c2) / ((a * a + b * b + c1) * (var_a + var_b + c2));
    }

  private:
    int width_, height_;
    std::vector<float> values_, blurred_;
};

}  // namespace

std::optional<double> psnr(const Image8& a, const Image8& b, const Image8& counts, int threshold) {
    std::uint64_t sum = 0, pixels = 0;
    for (int y = 0; y < a.height; ++y)
        for (int x = 0; x < a.width; ++x) {
            if (!counts.empty() && *counts.at(x, y) < threshold) continue;
            ++pixels;
            for (int c = 0; c < 3; ++c) {
                const int d = a.at(x, y)[c] - b.at(x, y)[c];
                sum += std::uint64_t(d * d);
            }
        }
    if (pixels == 0) return {};
    const double mean = double(sum) / (3.0 * double(pixels) * 255 * 255);
    return mean > 0 ? std::min(-10 * std::log10(mean), kPerfectPsnr) : kPerfectPsnr;
}

std::optional<double> ssim(const Image8& a, const Image8& b, const Image8& valid) {
    std::uint64_t pixels = std::uint64_t(a.width) * std::uint64_t(a.height);
    if (!valid.empty()) {
        pixels = 0;
        for (const std::uint8_t v : valid.pixels) pixels += v != 0;
    }
    if (pixels == 0) return {};
    // A window without a difference has similarity 1: only the others are worked out.
    const Box different = differing(a, b, valid);
    if (different.x1 <= different.x0) return 1;
    const Box scored = grown(different, kRadius, a), needed = grown(scored, kRadius, a);
    Moments moments(needed.width(), needed.height());
    double lost = 0;
    for (int c = 0; c < 3; ++c) {
        for (int y = needed.y0; y < needed.y1; ++y)
            for (int x = needed.x0; x < needed.x1; ++x) {
                const float truth = float(b.at(x, y)[c]) / 255;
                const float value = is_valid(valid, x, y) ? float(a.at(x, y)[c]) / 255 : truth;
                moments.set(x - needed.x0, y - needed.y0, value, truth);
            }
        moments.blur();
        for (int y = scored.y0; y < scored.y1; ++y)
            for (int x = scored.x0; x < scored.x1; ++x)
                if (is_valid(valid, x, y)) lost += 1 - moments.ssim(x - needed.x0, y - needed.y0);
    }
    return 1 - lost / (3.0 * double(pixels));
}

std::optional<double> flicker(const Image8& render, const Image8& render_before, const Image8& truth,
                              const Image8& truth_before, const Image8& valid) {
    std::uint64_t sum = 0, pixels = 0;
    for (int y = 0; y < render.height; ++y)
        for (int x = 0; x < render.width; ++x) {
            if (!is_valid(valid, x, y)) continue;
            ++pixels;
            for (int c = 0; c < 3; ++c)
                sum += std::uint64_t(std::abs(render.at(x, y)[c] - render_before.at(x, y)[c] -
                                              truth.at(x, y)[c] + truth_before.at(x, y)[c]));
        }
    if (pixels == 0) return {};
    return double(sum) / (3.0 * double(pixels));
}

Image8 to_8_bit(const PlanarImage& image) {
    Image8 out(image.width, image.height, 3);
    for (int c = 0; c < 3; ++c) {
        const auto plane = image.plane(c);
        for (std::size_t i = 0; i < plane.size(); ++i)
            out.pixels[3 * i + std::size_t(c)] =
                std::uint8_t(std::lround(std::clamp(plane[i], 0.0f, 1.0f) * 255));
    }
    return out;
}

Image8 without_alpha(const Image8& image) {
    if (image.channels == 3) return image;
    Image8 out(image.width, image.height, 3);
    for (std::size_t i = 0; i < std::size_t(image.width) * image.height; ++i)
        std::copy_n(image.pixels.data() + i * std::size_t(image.channels), 3, out.pixels.data() + 3 * i);
    return out;
}

}  // namespace volumen
