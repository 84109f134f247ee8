// A cloud of splats: the one representation that training, coding and rendering share.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace volumen {

inline constexpr int kMaxShDegree = 3;
inline constexpr std::size_t kMaxSplats =
    16u << 20;  ///< 16.8 million: 2 GiB of floats at SH 1, more than any device here holds

constexpr int sh_coefficients(int degree) {
    return (degree + 1) * (degree + 1);
}

/// N splats, channel-major: channel c is values[c * count, (c + 1) * count). Channels, as in the 3DGS PLY:
/// position x y z, rotation w x y z (any length but zero), log-scale x y z, opacity logit, then SH
/// coefficient k of colour c at kSh + 3 * k + c. Colour = 0.5 + Σ SH · basis, clamped below at 0, with the
/// 3DGS signs of the basis.
struct SplatCloud {
    static constexpr int kPosition = 0, kRotation = 3, kScale = 7, kOpacity = 10, kSh = 11;

    std::size_t count = 0;
    int sh_degree = 0;
    std::vector<float> values;

    SplatCloud() = default;
    SplatCloud(std::size_t n, int degree)
        : count(n), sh_degree(degree), values(n * std::size_t(channels_for(degree))) {}

    static constexpr int channels_for(int degree) { return kSh + 3 * sh_coefficients(degree); }
    int channels() const { return channels_for(sh_degree); }
    std::span<float> channel(int c) { return {values.data() + count * c, count}; }
    std::span<const float> channel(int c) const { return {values.data() + count * c, count}; }
};

/// The cloud of the splats named by `order`, in that order; indices may repeat.
SplatCloud gather(const SplatCloud& cloud, std::span<const std::size_t> order);

/// Both clouds' splats, those of `first` in front, at its SH degree.
SplatCloud joined(const SplatCloud& first, const SplatCloud& second);

/// The same splats at another SH degree: higher coefficients are dropped, or added as zero.
SplatCloud with_sh_degree(const SplatCloud& cloud, int degree);

}  // namespace volumen
