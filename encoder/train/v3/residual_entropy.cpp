#include "encoder/train/v3/residual_entropy.h"

#include <algorithm>
#include <cmath>

#include "encoder/pack/coded_planes.h"
#include "encoder/pack/order.h"
#include "encoder/train/quaternion.h"
#include "formats/core/parallel.h"
#include "formats/stream/frame.h"

namespace volumen::train {
namespace {

constexpr float kLeastLogDeviation = -3, kMostLogDeviation = 6;
constexpr float kLearnRate = 2e-2f, kBeta1 = 0.9f, kBeta2 = 0.99f;
constexpr double kQuality = 75;  ///< the stream's, that is trained for
/// Levels of a block's positions that the packer uses.
constexpr float kPositionLevels = 246;

/// Uniform in [-½, ½), a function of its arguments alone.
float noise(std::uint64_t draw, std::uint64_t plane, std::uint64_t splat) {
    std::uint64_t x = draw * 0x9e3779b97f4a7c15ull + (plane << 32 | splat);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return float((x ^ (x >> 31)) >> 40) * 0x1p-24f - 0.5f;
}

float squared_length(const SplatCloud& cloud, std::size_t i) {
    const Quaternion q = rotation(cloud, i);
    return glm::dot(q, q);
}

/// What plane `plane` codes of a splat: as coded_value(), of rotations of any length, w not negative.
float value_of(const SplatCloud& cloud, int plane, std::size_t i) {
    if (plane < kPlaneRotation || plane >= kPlaneScale) return coded_value(cloud, plane, i);
    const float sign = cloud.channel(SplatCloud::kRotation)[i] < 0 ? -1.0f : 1.0f;
    return sign * coded_value(cloud, plane, i) / std::sqrt(squared_length(cloud, i));
}

/// Adds d loss / d cloud, given d loss / d value_of(cloud, plane, i).
void pull_back(const SplatCloud& cloud, int plane, std::size_t i, float d, SplatCloud& gradients) {
    const auto add = [&](int channel, float v) { gradients.channel(channel)[i] += v; };
    if (plane < kPlaneRotation) {
        add(SplatCloud::kPosition + plane, d);
    } else if (plane < kPlaneScale) {
        const float squared = squared_length(cloud, i),
                    sign = cloud.channel(SplatCloud::kRotation)[i] < 0 ? -1.0f : 1.0f;
        const Quaternion q = rotation(cloud, i);
        const int axis = 1 + plane - kPlaneRotation;
        for (int k = 0; k < 4; ++k)
            add(SplatCloud::kRotation + k,
                sign * d * ((k == axis ? 1.0f : 0.0f) - q[axis] * q[k] / squared) / std::sqrt(squared));
    } else if (plane < kPlaneOpacity) {
        add(SplatCloud::kScale + plane - kPlaneScale, d);
    } else if (plane < kPlaneSh) {
        const float alpha = coded_value(cloud, plane, i);
        add(SplatCloud::kOpacity, d * alpha * (1 - alpha));
    } else {
        constexpr float kFrom[3][3] = {{0.25f, 0.5f, 0.25f}, {0.5f, 0, -0.5f}, {-0.25f, 0.5f, -0.25f}};
        const int k = (plane - kPlaneSh) / 3, part = (plane - kPlaneSh) % 3;
        for (int c = 0; c < 3; ++c) add(SplatCloud::kSh + 3 * k + c, kFrom[part][c] * d);
    }
}

}  // namespace

ResidualEntropy::ResidualEntropy(const SplatCloud& first, float extent, float steps) : count_(first.count) {
    const Quality quality = quality_settings(kQuality);
    planes_.resize(std::size_t(plane_count(first.sh_degree)));
    for (int p = kPlaneRotation; p < int(planes_.size()); ++p)
        planes_[std::size_t(p)].step = {steps * least_step(p, quality.steps)};

    const std::size_t blocks = (first.count + kBlockSplats - 1) / kBlockSplats;
    const auto row = std::uint32_t(std::max(1.0, std::ceil(std::sqrt(double(blocks)))));
    block_.resize(first.count);
    for (const std::size_t i : order_splats({&first, 1}, row)) {
        block_[i] = std::uint32_t(order_.size() / kBlockSplats);
        order_.push_back(std::uint32_t(i));
    }
    for (int axis = 0; axis < 3; ++axis) {
        std::vector<float> low(blocks, INFINITY), high(blocks, -INFINITY);
        const auto at = first.channel(SplatCloud::kPosition + axis);
        for (std::size_t i = 0; i < first.count; ++i) {
            low[block_[i]] = std::min(low[block_[i]], at[i]);
            high[block_[i]] = std::max(high[block_[i]], at[i]);
        }
        for (std::size_t b = 0; b < blocks; ++b) {
            float level = quality.steps.position * extent;
            while (high[b] - low[b] > kPositionLevels * level) level *= 2;
            planes_[std::size_t(axis)].step.push_back(steps * level);
        }
    }
    rebase(first);
}

void ResidualEntropy::rebase(const SplatCloud& previous) {
    parallel_for(planes_.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t p = begin; p < end; ++p) planes_[p].before = values(previous, int(p));
    });
}

std::vector<float> ResidualEntropy::values(const SplatCloud& cloud, int plane) const {
    std::vector<float> out(count_);
    for (std::size_t i = 0; i < count_; ++i) out[i] = value_of(cloud, plane, i);
    return out;
}

ResidualEntropy::Look ResidualEntropy::look(const SplatCloud& cloud, int plane,
                                            std::optional<std::uint64_t> draw) const {
    const Plane& p = planes_[std::size_t(plane)];
    Look out;
    std::vector<float>& r = out.residuals = values(cloud, plane);
    for (std::size_t i = 0; i < count_; ++i) r[i] -= p.before[i];
    if (plane < kPlaneRotation) {
        // Less what the block moved: the median.
        std::vector<float> moves;
        for (std::size_t from = 0; from < count_; from += kBlockSplats) {
            const std::size_t to = std::min(from + kBlockSplats, count_);
            moves.clear();
            for (std::size_t k = from; k < to; ++k) moves.push_back(r[order_[k]]);
            const auto middle = moves.begin() + std::ptrdiff_t(moves.size() / 2);
            std::nth_element(moves.begin(), middle, moves.end());
            for (std::size_t k = from; k < to; ++k) r[order_[k]] -= *middle;
        }
    }
    for (std::size_t i = 0; i < count_; ++i) {
        r[i] /= step_of(plane, i);
        if (draw) r[i] += noise(*draw, std::uint64_t(plane), i);
    }
    out.probabilities.resize(count_), out.d_residuals.resize(count_);
    out.gradient = p.gaussian(r, out.probabilities, out.d_residuals);
    return out;
}

void ResidualEntropy::operator()(const SplatCloud& cloud, float weight, std::uint64_t draw,
                                 SplatCloud& gradients) {
    ++steps_taken_;
    // Planes of one rotation, and of one colour, share channels: they are one piece of work.
    std::vector<int> pieces;
    for (int p = 0; p < int(planes_.size());) {
        pieces.push_back(p);
        p += p < kPlaneRotation || (p >= kPlaneScale && p < kPlaneSh) ? 1 : 3;
    }
    pieces.push_back(int(planes_.size()));
    parallel_for(pieces.size() - 1, 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t k = begin; k < end; ++k)
            for (int p = pieces[k]; p < pieces[k + 1]; ++p) {
                const Look l = look(cloud, p, draw);
                for (std::size_t i = 0; i < count_; ++i)
                    pull_back(cloud, p, i, weight / float(count_) * l.d_residuals[i] / step_of(p, i),
                              gradients);
                learn(planes_[std::size_t(p)], l.gradient);
            }
    });
}

double ResidualEntropy::bits(const SplatCloud& cloud, std::optional<std::uint64_t> draw) const {
    double bits = 0;
    for (std::size_t p = 0; p < planes_.size(); ++p)
        for (const float likely : look(cloud, int(p), draw).probabilities) bits -= std::log2(double(likely));
    return bits / double(count_);
}

void ResidualEntropy::fields(Archive& archive) {
    for (Plane& plane : planes_) {
        archive(plane.gaussian.mean), archive(plane.gaussian.log_deviation);
        for (float& moment : plane.moments) archive(moment);
    }
    archive(steps_taken_);
}

/// Adam on mean and deviation.
void ResidualEntropy::learn(Plane& plane, const CellGaussian::Gradient& gradient) const {
    const float unbias1 = 1 / (1 - std::pow(kBeta1, float(steps_taken_)));
    const float unbias2 = 1 / (1 - std::pow(kBeta2, float(steps_taken_)));
    const auto step = [&](float& value, float* moments, double sum) {
        const auto g = float(sum / double(count_));
        moments[0] += (1 - kBeta1) * (g - moments[0]);
        moments[1] += (1 - kBeta2) * (g * g - moments[1]);
        value -= kLearnRate * moments[0] * unbias1 / (std::sqrt(moments[1] * unbias2) + 1e-12f);
    };
    CellGaussian& gaussian = plane.gaussian;
    step(gaussian.mean, plane.moments, gradient.mean);
    step(gaussian.log_deviation, plane.moments + 2, gradient.log_deviation);
    gaussian.log_deviation = std::clamp(gaussian.log_deviation, kLeastLogDeviation, kMostLogDeviation);
}

}  // namespace volumen::train
