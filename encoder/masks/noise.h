// How much a camera's pixels tremble where nothing changes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "formats/core/image.h"

namespace volumen::masks {

/// The variance of one colour value as it depends on its level: read-out noise, shot noise, compression.
class NoiseModel {
  public:
    /// 8-bit levels²; `level` in [0, 255].
    float variance(float level) const { return variance_[bin(level)]; }

  private:
    friend class NoiseMeter;
    static constexpr int kBins = 16;
    static std::size_t bin(float level) {
        const int i = int(level * (float(kBins) / 256));
        return std::size_t(i < 0 ? 0 : i >= kBins ? kBins - 1 : i);
    }
    std::array<float, kBins> variance_{};
};

/// Learns a NoiseModel from pairs of images that show the same thing in most of their pixels: what changed is
/// told from noise by being rare (medians).
class NoiseMeter {
  public:
    /// Two images of the same size, 3 channels.
    void add(const Image8& a, const Image8& b);
    /// Never below 1.5 levels of standard deviation: compression can make noise vanish where nothing moves
    /// and come back where something does.
    NoiseModel model() const;

  private:
    static constexpr int kDifferences = 256;
    std::array<std::array<std::uint64_t, kDifferences>, NoiseModel::kBins> histogram_{};
};

}  // namespace volumen::masks
