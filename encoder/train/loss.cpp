#include "encoder/train/loss.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cassert>
#include <cmath>
#include <cstring>
#include <functional>

#include "formats/core/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/train/loss.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "encoder/train/vector_math-inl.h"
#include "hwy/highway.h"

#ifndef VOLUMEN_TRAIN_LOSS_JOB
#define VOLUMEN_TRAIN_LOSS_JOB
namespace volumen::train {

// With s = x + y and d = x - y, and per window a = mean(s)² / 2, b = mean(d)² / 2, p = var(s) / 2 and
// r = var(d) / 2: SSIM = (a - b + C1) / (a + b + C1) · (p - r + C2) / (p + r + C2). Where d is 0 in the whole
// window, b = r = 0, SSIM is exactly 1 and its gradient exactly 0, so that such windows can be left out.
constexpr int kRadius = 5, kTaps = 2 * kRadius + 1;
constexpr float kC1 = 0.01f * 0.01f, kC2 = 0.03f * 0.03f;

/// The image is cut into strips of this many columns, and those into bands of rows: one job each and colour.
constexpr int kStrip = 64, kBand = 128;
/// Buffers hold whole vectors: the windows that reach into a strip, and the pixels that these cover.
constexpr int kWindowColumns = 80, kPixelColumns = 96;
/// Rows of the ring buffers: a power of two above kTaps.
constexpr int kRing = 16;

struct LossJob {
    const float *render, *truth, *weight;  ///< planes; weight may be null
    float* gradient;
    int width, height;
    int x, y, columns, rows;  ///< of the gradient written
    float l1_scale, ssim_scale;
    const float* taps;
};

}  // namespace volumen::train
#endif

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr D d;

HWY_INLINE V set(float value) {
    return hn::Set(d, value);
}

/// Slides down a strip: each row of pixels is filtered along x into a ring; from eleven such rows comes a row
/// of windows, whose derivatives are filtered along x into a second ring; from eleven of those, a row of the
/// gradient.
class Strip {
  public:
    explicit Strip(const LossJob& job) : job_(job) {
        for (int k = 0; k < kTaps; ++k) taps_[k] = set(job.taps[k]);
        for (int i = 0; i < kWindowColumns; ++i) {
            const int x = job.x - kRadius + i;
            inside_[i] = x >= 0 && x < job.width ? 1.0f : 0.0f;
            own_[i] = x >= job.x && x < job.x + job.columns ? 1.0f : 0.0f;
        }
    }

    double run() {
        std::bitset<kBand + 4 * kRadius> differs;
        for (int i = 0; i < job_.rows + 4 * kRadius; ++i) differs[i] = row_differs(job_.y - 2 * kRadius + i);
        // Rows of the gradient that some window with a difference covers.
        auto touched = differs;
        for (int i = 1; i <= 4 * kRadius; ++i) touched |= differs >> i;
        int row = 0;
        while (row < job_.rows) {
            const int begin = row;
            while (row < job_.rows && touched[row]) ++row;
            if (row > begin) slide(job_.y + begin, job_.y + row);
            for (; row < job_.rows && !touched[row]; ++row)
                std::memset(job_.gradient + at(job_.x, job_.y + row), 0,
                            std::size_t(job_.columns) * sizeof(float));
        }
        return double(job_.l1_scale) * hn::GetLane(hn::SumOfLanes(d, l1_)) +
               double(job_.ssim_scale) * hn::GetLane(hn::SumOfLanes(d, ssim_));
    }

  private:
    std::size_t at(int x, int y) const { return std::size_t(y) * job_.width + x; }

    bool row_differs(int y) const {
        if (y < 0 || y >= job_.height) return false;
        int x = std::max(job_.x - 2 * kRadius, 0);
        const int end = std::min(job_.x + kStrip + 2 * kRadius, job_.width);
        const float *render = job_.render + at(0, y), *truth = job_.truth + at(0, y);
        const int lanes = int(hn::Lanes(d));
        for (; x + lanes <= end; x += lanes)
            if (!hn::AllTrue(d, hn::Eq(hn::LoadU(d, render + x), hn::LoadU(d, truth + x)))) return true;
        for (; x < end; ++x)
            if (render[x] != truth[x]) return true;
        return false;
    }

    /// Sums and differences of the pixels of row y, 0 outside the image.
    void load_row(int y) {
        if (y < 0 || y >= job_.height) {
            std::memset(sum_, 0, sizeof(sum_));
            std::memset(difference_, 0, sizeof(difference_));
            return;
        }
        const int left = job_.x - 2 * kRadius;
        const int lanes = int(hn::Lanes(d));
        for (int i = 0; i < kPixelColumns; i += lanes) {
            const int x = left + i;
            if (x >= 0 && x + lanes <= job_.width) {
                const std::size_t p = at(x, y);
                const V render = hn::LoadU(d, job_.render + p), truth = hn::LoadU(d, job_.truth + p);
                V sum = render + truth, difference = render - truth;
                if (job_.weight) {
                    const auto counts = hn::Gt(hn::LoadU(d, job_.weight + p), set(0));
                    sum = hn::IfThenElse(counts, sum, truth + truth);
                    difference = hn::IfThenElseZero(counts, difference);
                }
                hn::Store(sum, d, sum_ + i);
                hn::Store(difference, d, difference_ + i);
                continue;
            }
            for (int k = i; k < i + lanes; ++k) {
                sum_[k] = difference_[k] = 0;
                if (left + k < 0 || left + k >= job_.width) continue;
                const std::size_t p = at(left + k, y);
                const bool counts = !job_.weight || job_.weight[p] > 0;
                sum_[k] = counts ? job_.render[p] + job_.truth[p] : 2 * job_.truth[p];
                difference_[k] = counts ? job_.render[p] - job_.truth[p] : 0;
            }
        }
    }

    /// Filters the loaded row along x: s, d, s², d².
    void filter_pixels(float (*out)[kWindowColumns]) {
        for (int i = 0; i < kWindowColumns; i += int(hn::Lanes(d))) {
            V s = set(0), e = set(0), ss = set(0), ee = set(0);
            for (int k = 0; k < kTaps; ++k) {
                const V tap = taps_[k];
                const V sum = hn::LoadU(d, sum_ + i + k), difference = hn::LoadU(d, difference_ + i + k);
                const V weighted_sum = tap * sum, weighted_difference = tap * difference;
                s = s + weighted_sum, e = e + weighted_difference;
                ss = hn::MulAdd(weighted_sum, sum, ss);
                ee = hn::MulAdd(weighted_difference, difference, ee);
            }
            hn::Store(s, d, out[0] + i);
            hn::Store(e, d, out[1] + i);
            hn::Store(ss, d, out[2] + i);
            hn::Store(ee, d, out[3] + i);
        }
    }

    /// From the ring of filtered pixels: the windows of row y, their loss and its derivatives.
    void windows(int y, bool own_row) {
        if (y < 0 || y >= job_.height) {
            std::memset(derivative_, 0, sizeof(derivative_));
            return;
        }
        const float* weights = inside_;
        if (job_.weight) load_weights(y), weights = weight_;
        const float* rows[kTaps];
        for (int k = 0; k < kTaps; ++k) rows[k] = pixels_[(y - kRadius + k) & (kRing - 1)][0];
        for (int i = 0; i < kWindowColumns; i += int(hn::Lanes(d))) {
            V m0 = set(0), m1 = m0, m2 = m0, m3 = m0;
            for (int k = 0; k < kTaps; ++k) {
                const float* row = rows[k] + i;
                m0 = hn::MulAdd(taps_[k], hn::Load(d, row), m0);
                m1 = hn::MulAdd(taps_[k], hn::Load(d, row + kWindowColumns), m1);
                m2 = hn::MulAdd(taps_[k], hn::Load(d, row + 2 * kWindowColumns), m2);
                m3 = hn::MulAdd(taps_[k], hn::Load(d, row + 3 * kWindowColumns), m3);
            }
            const V half = set(0.5f), two = set(2), c1 = set(kC1), c2 = set(kC2);
            const V a = half * m0 * m0, b = half * m1 * m1;
            const V p = hn::MulSub(half, m2, a), r = hn::MulSub(half, m3, b);
            const V inverse1 = reciprocal(d, a + b + c1), inverse2 = reciprocal(d, p + r + c2);
            const V luminance = set(1) - two * b * inverse1, structure = set(1) - two * r * inverse2;
            const V weight = hn::Load(d, weights + i);
            const V one_minus = set(1) - luminance * structure;
            if (own_row) ssim_ = ssim_ + hn::Load(d, own_ + i) * weight * one_minus;
            const V f1 = two * weight * structure * inverse1 * inverse1;
            const V f2 = two * weight * luminance * inverse2 * inverse2;
            const V da = f1 * b, db = hn::Neg(f1 * (a + c1)), dp = f2 * r, dr = hn::Neg(f2 * (p + c2));
            hn::Store((da - dp) * m0 + (db - dr) * m1, d, derivative_[0] + i);
            hn::Store(dp, d, derivative_[1] + i);
            hn::Store(dr, d, derivative_[2] + i);
        }
    }

    /// The weight of each window of row y; 0 outside the image.
    void load_weights(int y) {
        for (int i = 0; i < kWindowColumns; ++i) {
            weight_[i] = 0;
            if (inside_[i] > 0) weight_[i] = job_.weight[at(job_.x - kRadius + i, y)];
        }
    }

    void filter_derivatives(float (*out)[kStrip]) {
        for (int map = 0; map < 3; ++map)
            for (int i = 0; i < kStrip; i += int(hn::Lanes(d))) {
                V sum = set(0);
                for (int k = 0; k < kTaps; ++k)
                    sum = hn::MulAdd(taps_[k], hn::LoadU(d, derivative_[map] + i + k), sum);
                hn::Store(sum, d, out[map] + i);
            }
    }

    void gradient_row(int y) {
        load_row(y);
        const std::size_t row = at(job_.x, y);
        const float* rows[kTaps];
        for (int k = 0; k < kTaps; ++k) rows[k] = derivatives_[(y - kRadius + k) & (kRing - 1)][0];
        for (int i = 0; i < kStrip; i += int(hn::Lanes(d))) {
            V m0 = set(0), m1 = m0, m2 = m0;
            for (int k = 0; k < kTaps; ++k) {
                const float* ring = rows[k] + i;
                m0 = hn::MulAdd(taps_[k], hn::Load(d, ring), m0);
                m1 = hn::MulAdd(taps_[k], hn::Load(d, ring + kStrip), m1);
                m2 = hn::MulAdd(taps_[k], hn::Load(d, ring + 2 * kStrip), m2);
            }
            const V sum = hn::LoadU(d, sum_ + i + 2 * kRadius);
            const V difference = hn::LoadU(d, difference_ + i + 2 * kRadius);
            const V ssim = hn::MulAdd(sum, m1, hn::MulAdd(difference, m2, m0));
            V weight = hn::LoadU(d, own_ + i + kRadius), counts = weight;
            if (job_.weight) {
                HWY_ALIGN float lanes[hn::MaxLanes(d)] = {};
                const int n = std::min(int(hn::Lanes(d)), job_.columns - i);
                if (n > 0) std::memcpy(lanes, job_.weight + row + i, std::size_t(n) * sizeof(float));
                weight = hn::Load(d, lanes);
                counts = hn::IfThenElseZero(hn::Gt(weight, set(0)), set(1));
            }
            l1_ = hn::MulAdd(weight, hn::Abs(difference), l1_);
            const V sign = hn::IfThenElseZero(hn::Ne(difference, set(0)), hn::CopySign(set(1), difference));
            const V l1 = set(job_.l1_scale) * weight * sign;
            const V out = hn::NegMulAdd(set(job_.ssim_scale) * counts, ssim, l1);
            if (i + int(hn::Lanes(d)) <= job_.columns) {
                hn::StoreU(out, d, job_.gradient + row + i);
            } else if (i < job_.columns) {
                HWY_ALIGN float lanes[hn::MaxLanes(d)];
                hn::Store(out, d, lanes);
                std::memcpy(job_.gradient + row + i, lanes, std::size_t(job_.columns - i) * sizeof(float));
            }
        }
    }

    /// The gradient of rows [begin, end), and the loss of their pixels and windows.
    void slide(int begin, int end) {
        for (int y = begin - 2 * kRadius; y < end + 2 * kRadius; ++y) {
            load_row(y);
            filter_pixels(pixels_[y & (kRing - 1)]);
            const int window = y - kRadius, row = y - 2 * kRadius;
            if (window < begin - kRadius) continue;
            windows(window, window >= begin && window < end);
            filter_derivatives(derivatives_[window & (kRing - 1)]);
            if (row >= begin) gradient_row(row);
        }
    }

    const LossJob& job_;
    V taps_[kTaps];
    V l1_ = set(0), ssim_ = set(0);
    // Readers go a vector past the last tap.
    alignas(64) float sum_[kPixelColumns + 16] = {}, difference_[kPixelColumns + 16] = {};
    alignas(64) float inside_[kWindowColumns], own_[kWindowColumns], weight_[kWindowColumns];
    alignas(64) float pixels_[kRing][4][kWindowColumns];
    alignas(64) float derivative_[3][kWindowColumns + 16] = {};
    alignas(64) float derivatives_[kRing][3][kStrip];
};

double strip_loss(const LossJob& job) {
    return Strip(job).run();
}

}  // namespace
}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace volumen::train {

HWY_EXPORT(strip_loss);

namespace {
std::array<float, kTaps> gaussian_taps() {
    constexpr double kSigma = 1.5;
    std::array<double, kTaps> exact;
    double sum = 0;
    for (int i = 0; i < kTaps; ++i)
        sum += exact[i] = std::exp(-(i - kRadius) * (i - kRadius) / (2 * kSigma * kSigma));
    std::array<float, kTaps> taps;
    for (int i = 0; i < kTaps; ++i) taps[i] = float(exact[i] / sum);
    return taps;
}
}  // namespace

float ImageLoss::operator()(const PlanarImage& render, const PlanarImage& truth, float lambda,
                            std::span<const float> weight, PlanarImage& gradient) {
    assert(render.width == truth.width && render.height == truth.height);
    assert(weight.empty() || weight.size() == render.area());
    if (gradient.width != render.width || gradient.height != render.height)
        gradient = PlanarImage(render.width, render.height);
    double pixels = double(render.area());
    if (!weight.empty()) {
        pixels = 0;
        for (const float w : weight) pixels += w;
    }
    if (!(pixels > 0)) {
        std::ranges::fill(gradient.values, 0.0f);
        return 0;
    }
    static const std::array<float, kTaps> taps = gaussian_taps();
    const int strips = (render.width + kStrip - 1) / kStrip, bands = (render.height + kBand - 1) / kBand;
    const std::size_t jobs = std::size_t(strips) * bands * 3;
    partial_.resize(jobs);
    const auto body = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            const int colour = int(i % 3), strip = int(i / 3) % strips, band = int(i / 3) / strips;
            const int x = strip * kStrip, y = band * kBand;
            const LossJob job{render.plane(colour).data(),
                              truth.plane(colour).data(),
                              weight.empty() ? nullptr : weight.data(),
                              gradient.plane(colour).data(),
                              render.width,
                              render.height,
                              x,
                              y,
                              std::min(kStrip, render.width - x),
                              std::min(kBand, render.height - y),
                              float((1 - lambda) / (3 * pixels)),
                              float(lambda / (3 * pixels)),
                              taps.data()};
            partial_[i] = HWY_DYNAMIC_DISPATCH(strip_loss)(job);
        }
    };
    parallel_for(jobs, 1, std::cref(body));
    double total = 0;
    for (const double part : partial_) total += part;
    return float(total);
}

}  // namespace volumen::train
#endif
