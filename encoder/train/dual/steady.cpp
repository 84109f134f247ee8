#include "encoder/train/dual/steady.h"

#include <cmath>

#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr std::size_t kGrain = 2048;

/// Mean over the attribute's channels of the (unbiased) mean squared gradient.
float squared_gradient(const Adam& adam, const Attribute& attribute, std::size_t i) {
    float sum = 0;
    for (int c = attribute.channel; c < attribute.channel + attribute.width; ++c)
        sum += adam.squared_gradient(c, i);
    return sum / float(attribute.width);
}

}  // namespace

std::vector<Attribute> looks(int sh_degree) {
    std::vector<Attribute> out{{SplatCloud::kScale, 3}, {SplatCloud::kOpacity, 1}};
    for (int degree = 0; degree <= sh_degree; ++degree)
        out.push_back({SplatCloud::kSh + 3 * degree * degree, 3 * (2 * degree + 1)});
    return out;
}

void keep_steady(SplatCloud& cloud, const SplatCloud& previous, const Adam& adam,
                 std::span<const float> rates, const Steadiness& steadiness) {
    for (const Attribute& attribute : looks(cloud.sh_degree)) {
        const float weight = steadiness.of(attribute);
        if (weight <= 0) continue;
        double total = 0;
        std::size_t pulled = 0;
        for (std::size_t i = 0; i < cloud.count; ++i) {
            const float squared = squared_gradient(adam, attribute, i);
            total += squared, pulled += squared > 0;
        }
        const float typical = pulled ? float(std::sqrt(total / double(pulled))) : 0;
        const int end = attribute.channel + attribute.width;
        parallel_for(cloud.count, kGrain, [&](std::size_t first, std::size_t last, int) {
            for (std::size_t i = first; i < last; ++i) {
                float change = 0;
                for (int c = attribute.channel; c < end; ++c) {
                    const float d = cloud.channel(c)[i] - previous.channel(c)[i];
                    change += d * d;
                }
                if (change == 0) continue;
                change = std::sqrt(change / float(attribute.width));
                const float own = std::sqrt(squared_gradient(adam, attribute, i));
                const float step =
                    rates[std::size_t(attribute.channel)] * weight * typical / std::max(own, 1e-3f * typical);
                const float kept = change > step ? 1 - step / change : 0;
                for (int c = attribute.channel; c < end; ++c) {
                    const float before = previous.channel(c)[i];
                    float& value = cloud.channel(c)[i];
                    value = kept > 0 ? before + kept * (value - before) : before;
                }
            }
        });
    }
}

std::size_t changed(const SplatCloud& cloud, const SplatCloud& previous, const Attribute& attribute) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int c = attribute.channel; c < attribute.channel + attribute.width; ++c)
            if (cloud.channel(c)[i] != previous.channel(c)[i]) {
                ++count;
                break;
            }
    return count;
}

}  // namespace volumen::train
