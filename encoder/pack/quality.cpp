#include "encoder/pack/quality.h"

#include <algorithm>
#include <cmath>

namespace volumen {

namespace {

/// QP 0 would leave the High profile; at 2 rounding to levels errs more than the video does.
constexpr double kCoarsestQp = 34, kQpPerQuality = 0.36;
constexpr int kFinestQp = 2;
/// From this quality on levels become finer too, by half every so many points.
constexpr double kFinerFrom = 80, kFinerHalf = 15;

/// Found on a trained take (10,000 splats, SH degree 1, QP 13) by making one attribute after the other
/// coarser: here a byte less costs about the same rendered error whichever attribute gives it. From QP 2 to
/// 20 neither finer nor coarser levels at the same rate render better.
constexpr PlaneSteps kSteps{
    .position = 1.0f / 3500,
    .rotation = 1.0f / 64,
    .scale = 1.0f / 30,
    .opacity = 1.0f / 72,
    .colour = 1.0f / 64,
    .detail = 1.0f / 48,
    .chroma = 1.0f,
};

}  // namespace

Quality quality_settings(double quality) {
    Quality out;
    out.quantiser = std::max(kFinestQp, int(std::lround(kCoarsestQp - kQpPerQuality * quality)));
    const float finer = float(std::exp2(-std::max(0.0, quality - kFinerFrom) / kFinerHalf));
    out.steps = kSteps;
    for (float* step : {&out.steps.position, &out.steps.rotation, &out.steps.scale, &out.steps.opacity,
                        &out.steps.colour, &out.steps.detail})
        *step *= finer;
    return out;
}

}  // namespace volumen
