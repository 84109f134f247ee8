#include "encoder/train/correlation.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr int kRadius = 3;
constexpr int kWindow = (2 * kRadius + 1) * (2 * kRadius + 1);
/// Variance that is taken for noise: half of SSIM's C2, which is added to a sum of two.
constexpr float kNoise = 0.5f * 0.03f * 0.03f;
constexpr std::size_t kRowGrain = 32, kPixelGrain = 16'384;

}  // namespace

void WindowCorrelation::window_sums(std::span<const float> values, std::vector<float>& out) {
    rows_.resize(values.size()), out.resize(values.size());
    const std::size_t width = std::size_t(width_);
    parallel_for(std::size_t(height_), kRowGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t y = begin; y < end; ++y) {
            const float* from = values.data() + y * width;
            float* to = rows_.data() + y * width;
            std::fill_n(to, width, 0.0f);
            for (int k = -kRadius; k <= kRadius; ++k)
                for (int x = std::max(-k, 0); x < width_ - std::max(k, 0); ++x) to[x] += from[x + k];
        }
    });
    parallel_for(std::size_t(height_), kRowGrain, [&](std::size_t begin, std::size_t end, int) {
        for (int y = int(begin); y < int(end); ++y) {
            float* to = out.data() + std::size_t(y) * width;
            std::fill_n(to, width, 0.0f);
            for (int k = std::max(y - kRadius, 0); k <= std::min(y + kRadius, height_ - 1); ++k) {
                const float* from = rows_.data() + std::size_t(k) * width;
                for (std::size_t x = 0; x < width; ++x) to[x] += from[x];
            }
        }
    });
}

std::span<const float> WindowCorrelation::operator()(std::span<const float> truth,
                                                     std::span<const float> image,
                                                     std::span<const float> counts, int width, int height) {
    const std::size_t pixels = std::size_t(width) * std::size_t(height);
    assert(truth.size() == pixels && image.size() == pixels && counts.size() == pixels);
    truth_ = truth, image_ = image, counts_ = counts, width_ = width, height_ = height;
    product_.resize(pixels);
    const auto sums = [&](auto value, std::vector<float>& out) {
        parallel_for(pixels, kPixelGrain, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t i = begin; i < end; ++i) product_[i] = counts[i] * value(i);
        });
        window_sums(product_, out);
    };
    window_sums(counts, sums_[0]);
    sums([&](std::size_t i) { return truth[i]; }, sums_[1]);
    sums([&](std::size_t i) { return image[i]; }, sums_[2]);
    sums([&](std::size_t i) { return truth[i] * truth[i]; }, sums_[3]);
    sums([&](std::size_t i) { return image[i] * image[i]; }, sums_[4]);
    sums([&](std::size_t i) { return truth[i] * image[i]; }, sums_[5]);

    cost_.assign(pixels, kNotCompared);
    for (std::vector<float>* of_pixel : {&truth_mean_, &image_mean_, &by_covariance_, &by_variance_})
        of_pixel->assign(pixels, 0);
    parallel_for(pixels, kPixelGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            if (counts[i] == 0 || 2 * sums_[0][i] < kWindow) continue;
            const float share = 1 / sums_[0][i];
            const float a = share * sums_[1][i], b = share * sums_[2][i];
            const float truth_variance = std::max(share * sums_[3][i] - a * a, 0.0f) + kNoise,
                        image_variance = std::max(share * sums_[4][i] - b * b, 0.0f) + kNoise,
                        covariance = share * sums_[5][i] - a * b + kNoise;
            const float slope = 1 / std::sqrt(truth_variance * image_variance), ncc = covariance * slope;
            cost_[i] = 1 - ncc;
            truth_mean_[i] = a, image_mean_[i] = b;
            by_covariance_[i] = share * slope, by_variance_[i] = -share * ncc / image_variance;
        }
    });
    return cost_;
}

void WindowCorrelation::pull_back(std::span<const float> weight, std::span<float> d_image) {
    // d cost(p) / d image(q) = -(by_covariance(p) (truth(q) - truth_mean(p)) + by_variance(p) (image(q) -
    // image_mean(p))) for the q of p's window that count, so that sums over p are window sums.
    const std::size_t pixels = weight.size();
    const auto sums = [&](auto value, std::vector<float>& out) {
        parallel_for(pixels, kPixelGrain, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t i = begin; i < end; ++i) product_[i] = weight[i] * value(i);
        });
        window_sums(product_, out);
    };
    sums([&](std::size_t i) { return by_covariance_[i]; }, sums_[0]);
    sums([&](std::size_t i) { return by_variance_[i]; }, sums_[1]);
    sums([&](std::size_t i) { return by_covariance_[i] * truth_mean_[i] + by_variance_[i] * image_mean_[i]; },
         sums_[2]);
    parallel_for(pixels, kPixelGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i)
            d_image[i] -= counts_[i] * (truth_[i] * sums_[0][i] + image_[i] * sums_[1][i] - sums_[2][i]);
    });
}

}  // namespace volumen::train
