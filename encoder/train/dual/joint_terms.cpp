#include "encoder/train/dual/joint_terms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace volumen::train {
namespace {

constexpr float kElongated = 4;             ///< longest axis, in shortest ones, that is let be
constexpr float kLarge = 5, kSmall = 0.2f;  ///< longest axis, in mean longest axes, that is let be

struct Axes {
    int longest, shortest;  ///< channels
    float log_longest, log_shortest;
};

Axes axes(const SplatCloud& cloud, std::size_t i) {
    Axes out{SplatCloud::kScale, SplatCloud::kScale, cloud.channel(SplatCloud::kScale)[i],
             cloud.channel(SplatCloud::kScale)[i]};
    for (int c = SplatCloud::kScale + 1; c < SplatCloud::kScale + 3; ++c) {
        const float value = cloud.channel(c)[i];
        if (value > out.log_longest) out.longest = c, out.log_longest = value;
        if (value < out.log_shortest) out.shortest = c, out.log_shortest = value;
    }
    return out;
}

}  // namespace

float isotropic_term(const SplatCloud& cloud, float weight, SplatCloud& gradients) {
    const float each = weight / float(cloud.count);
    float sum = 0;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const Axes a = axes(cloud, i);
        const float ratio = std::exp(a.log_longest - a.log_shortest);
        if (ratio <= kElongated) continue;
        sum += each * (ratio - kElongated);
        gradients.channel(a.longest)[i] += each * ratio;
        gradients.channel(a.shortest)[i] -= each * ratio;
    }
    return sum;
}

float even_term(const SplatCloud& cloud, float weight, SplatCloud& gradients) {
    std::vector<float> longest(cloud.count);
    std::vector<int> channel(cloud.count);
    double total = 0;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const Axes a = axes(cloud, i);
        longest[i] = std::exp(a.log_longest), channel[i] = a.longest;
        total += longest[i];
    }
    const float mean = float(total / double(cloud.count)), each = weight / float(cloud.count);
    float sum = 0, d_mean = 0;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const float relative = longest[i] / mean;
        const float slope = relative > kLarge ? each : relative < kSmall ? -each : 0;
        if (slope == 0) continue;
        sum += slope > 0 ? slope * (relative - kLarge) : slope * (relative - kSmall);
        gradients.channel(channel[i])[i] += slope * relative;
        d_mean -= slope * relative / mean;
    }
    if (d_mean != 0)
        for (std::size_t i = 0; i < cloud.count; ++i)
            gradients.channel(channel[i])[i] += d_mean * longest[i] / float(cloud.count);
    return sum;
}

}  // namespace volumen::train
