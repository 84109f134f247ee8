#include "encoder/pack/quality.h"

#include <algorithm>
#include <cmath>

namespace volumen {

namespace {

/// QP 0 would leave the High profile; at 2 rounding to levels errs more than the video does.
constexpr double kCoarsestQp = 34, kQpPerQuality = 0.36;
constexpr int kFinestQp = 2;
/// The codec's quantiser doubles every so many QP.
constexpr double kQpPerOctave = 6;
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

PlaneSteps scaled(PlaneSteps steps, const StepScales& scales) {
    float* const members[kStepClasses] = {&steps.position, &steps.rotation, &steps.scale, &steps.opacity,
                                          &steps.colour,   &steps.detail,   &steps.chroma};
    for (std::size_t i = 0; i < kStepClasses; ++i) *members[i] *= float(std::exp2(scales[i]));
    return steps;
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
