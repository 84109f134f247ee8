#include "encoder/sequence/features.h"

#include <algorithm>
#include <cmath>
#include <glm/gtc/quaternion.hpp>

#include "encoder/neighbours.h"
#include "formats/core/parallel.h"

namespace volumen {
namespace {

constexpr std::size_t kSplatsAtOnce = 1024, kSpreadSamples = 2000;
/// A flat splat's thin axis may be anything below this share (e⁻⁴) of its widest: it looks the same.
constexpr float kFlattest = 4;
/// Differences that no eye sees: of log-scale, alpha, and the base coefficient.
constexpr float kLeastShape = 0.05f, kLeastAlpha = 0.01f, kLeastColour = 0.02f;
constexpr float kMostOfOne = 9;

glm::vec3 log_scales(const SplatCloud& cloud, std::size_t i) {
    glm::vec3 out;
    for (int a = 0; a < 3; ++a) out[a] = cloud.channel(SplatCloud::kScale + a)[i];
    return glm::max(out, glm::vec3(std::max({out.x, out.y, out.z}) - kFlattest));
}

Appearance with_colour(std::array<float, 6> shape, const SplatCloud& cloud, std::size_t i) {
    Appearance out;
    std::copy(shape.begin(), shape.end(), out.begin());
    out[6] = 1 / (1 + std::exp(-cloud.channel(SplatCloud::kOpacity)[i]));
    for (std::size_t c = 0; c < 3; ++c) out[7 + c] = cloud.channel(SplatCloud::kSh + int(c))[i];
    return out;
}

Appearance appearance(const SplatCloud& cloud, std::size_t i) {
    const auto rotation = [&](int k) { return cloud.channel(SplatCloud::kRotation + k)[i]; };
    const glm::mat3 axes =
        glm::mat3_cast(glm::normalize(glm::quat(rotation(0), rotation(1), rotation(2), rotation(3))));
    const glm::vec3 scale = log_scales(cloud, i);
    const glm::mat3 s = axes * glm::mat3(scale.x, 0, 0, 0, scale.y, 0, 0, 0, scale.z) * glm::transpose(axes);
    const float twice = std::sqrt(2.0f);
    return with_colour({s[0][0], s[1][1], s[2][2], s[1][0] * twice, s[2][0] * twice, s[2][1] * twice}, cloud,
                       i);
}

Appearance lasting_appearance(const SplatCloud& cloud, std::size_t i) {
    glm::vec3 scale = log_scales(cloud, i);
    std::sort(&scale.x, &scale.x + 3);
    return with_colour({scale.x, scale.y, scale.z}, cloud, i);
}

template <class Describe>
std::vector<Appearance> describe_all(const SplatCloud& cloud, Describe describe) {
    std::vector<Appearance> out(cloud.count);
    parallel_for(cloud.count, kSplatsAtOnce, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) out[i] = describe(cloud, i);
    });
    return out;
}

float median(std::vector<float>& values) {
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

std::vector<glm::vec3> positions_of(const SplatCloud& cloud) {
    std::vector<glm::vec3> out(cloud.count);
    for (int axis = 0; axis < 3; ++axis) {
        const auto from = cloud.channel(SplatCloud::kPosition + axis);
        for (std::size_t i = 0; i < cloud.count; ++i) out[i][axis] = from[i];
    }
    return out;
}

std::vector<Appearance> appearances_of(const SplatCloud& cloud) {
    return describe_all(cloud, appearance);
}

std::vector<Appearance> lasting_appearances_of(const SplatCloud& cloud) {
    return describe_all(cloud, lasting_appearance);
}

std::vector<std::size_t> every_nth(std::size_t count, std::size_t wanted) {
    const std::size_t step = std::max<std::size_t>(1, count / wanted);
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < count; i += step) out.push_back(i);
    return out;
}

Spread measure_spread(std::span<const glm::vec3> positions, std::span<const Appearance> appearances) {
    Spread out;
    out.spacing = 1, out.appearance.fill(1);
    if (positions.size() < 2) return out;
    const auto sample = every_nth(positions.size(), kSpreadSamples);
    std::vector<glm::vec3> queries;
    for (const std::size_t i : sample) queries.push_back(positions[i]);
    const Neighbours two = nearest(positions, queries, 2, false);
    const auto other = [&](std::size_t s) {
        const std::uint32_t first = two.indices[2 * s];
        return first == sample[s] ? two.indices[2 * s + 1] : first;
    };
    std::vector<float> values(sample.size());
    for (std::size_t k = 0; k < kAppearances; ++k) {
        for (std::size_t s = 0; s < sample.size(); ++s)
            values[s] = std::abs(appearances[sample[s]][k] - appearances[other(s)][k]);
        out.appearance[k] = std::max(median(values), k < 6    ? kLeastShape
                                                     : k == 6 ? kLeastAlpha
                                                              : kLeastColour);
    }
    for (std::size_t s = 0; s < sample.size(); ++s)
        values[s] = appearance_distance(appearances[sample[s]], appearances[other(s)], out);
    out.neighbour_distance = median(values);
    for (std::size_t s = 0; s < sample.size(); ++s)
        values[s] = glm::distance(positions[sample[s]], positions[other(s)]);
    out.spacing = std::max(median(values), 1e-12f);
    return out;
}

float appearance_distance(const Appearance& a, const Appearance& b, const Spread& spread) {
    float sum = 0;
    for (std::size_t k = 0; k < kAppearances; ++k) {
        const float d = (a[k] - b[k]) / spread.appearance[k];
        sum += std::min(d * d, kMostOfOne);
    }
    return sum;
}

}  // namespace volumen
