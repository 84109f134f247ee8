#include "encoder/pack/quality.h"

#include <algorithm>
#include <cmath>

namespace volumen {

namespace {

/// At quality 0 and 100. QP 0 would leave the High profile.
constexpr double kCoarsestQp = 38, kFinestQp = 2;

/// Levels at which one level's rounding error costs about the same rendered quality in every attribute.
constexpr PlaneSteps kSteps{
    .position = 1.0f / 4096,
    .rotation = 1.0f / 64,
    .scale = 1.0f / 24,
    .opacity = 1.0f / 64,
    .colour = 1.0f / 32,
    .detail = 1.0f / 32,
    .chroma = 1.25f,
};

}  // namespace

Quality quality_settings(double quality) {
    const double q = std::clamp(quality, 0.0, 100.0) / 100;
    Quality out;
    out.steps = kSteps;
    out.quantiser = int(std::lround(kCoarsestQp + (kFinestQp - kCoarsestQp) * q));
    return out;
}

}  // namespace volumen
