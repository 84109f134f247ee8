#include "encoder/pack/quality.h"

#include <algorithm>
#include <cmath>

namespace volumen {

namespace {

/// QP 0 would leave the High profile; at 2 rounding to levels errs more than the video does.
constexpr double kCoarsestQp = 34, kQpPerQuality = 0.36;
constexpr int kFinestQp = 2;
/// The codec's quantiser doubles every so many QP.
static_assert(kQpPerQuality / kQpPerOctave == kCoarsenessPerQuality);
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
    const double coarseness = -std::max(0.0, quality - kFinerFrom) / kFinerHalf;
    out.steps = scaled(kSteps, coarser({}, coarseness));
    return out;
}

StepValues values(const PlaneSteps& steps) {
    return {steps.position, steps.rotation, steps.scale, steps.opacity,
            steps.colour,   steps.detail,   steps.chroma};
}

PlaneSteps plane_steps(const StepValues& values) {
    return {values[0], values[1], values[2], values[3], values[4], values[5], values[6]};
}

PlaneSteps scaled(PlaneSteps steps, const StepScales& scales) {
    StepValues out = values(steps);
    for (std::size_t i = 0; i < kStepClasses; ++i) out[i] *= float(std::exp2(scales[i]));
    return plane_steps(out);
}

double coarsest(const Quality& quality) {
    return std::max(0.0, (kCoarsestQp - quality.quantiser) / kQpPerOctave);
}

double finest(const Quality& quality) {
    return std::min(0.0, (kFinestQp - quality.quantiser) / kQpPerOctave - (100 - kFinerFrom) / kFinerHalf);
}

Quality tuned(Quality quality, const StepTuning& tuning) {
    quality.steps = scaled(quality.steps, tuning.scales);
    quality.quantiser = std::max(kFinestQp, quality.quantiser + tuning.quantiser);
    return quality;
}

StepScales coarser(StepScales scales, double log2_factor) {
    for (std::size_t i = 0; i < kStepClasses - 1; ++i) scales[i] += log2_factor;
    return scales;
}

}  // namespace volumen
