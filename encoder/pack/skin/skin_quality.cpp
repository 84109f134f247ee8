#include "encoder/pack/skin/skin_quality.h"

#include <algorithm>
#include <cmath>

namespace volumen {

namespace {

/// Found on a trained take (10,000 splats, 1,500 joints, SH degree 1): steps half as wide cost a tenth more
/// bytes and gain 0.02 dB. At other qualities every few points a step halves and a codebook doubles.
constexpr double kDefault = 75, kHalf = 20, kQpPerQuality = 0.36;
constexpr int kFinestQp = 2, kDefaultQp = 20, kCoarsestQp = 44;
constexpr SkinQuality kAtDefault{.grid = 1.0f / 4000,
                                 .joint_shift = 1,
                                 .turn = 0.04f,
                                 .dead_zone = 0.6f,
                                 .rotation = 1.0f / 64,
                                 .lookup = {1.0f / 100, 1.0f / 40},
                                 .quantiser = kDefaultQp,
                                 .entries = {2048, 1024, 512, 256}};

}  // namespace

SkinQuality skin_quality(double quality) {
    const double coarser = std::exp2((kDefault - quality) / kHalf);
    SkinQuality out = kAtDefault;
    for (float* step : {&out.grid, &out.turn, &out.rotation, &out.lookup.opacity, &out.lookup.scale})
        *step *= float(coarser);
    out.rotation = std::min(out.rotation, 1.0f / 16);
    out.quantiser = std::max(kFinestQp, int(std::lround(kDefaultQp + kQpPerQuality * (kDefault - quality))));
    for (int& entries : out.entries) entries = std::clamp(int(std::lround(entries / coarser)), 16, 8192);
    return out;
}

}  // namespace volumen
