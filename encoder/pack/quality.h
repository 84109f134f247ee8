// What "quality" means: the video's quantiser, and how fine a luma level is for each attribute.
#pragma once

#include <array>

namespace volumen {

/// Attribute units per luma level, at least; a plane whose range needs more than 256 such levels gets coarser
/// ones. This weighs the attributes against each other: one quantiser serves the whole video.
struct PlaneSteps {
    float position = 0;  ///< share of the take's extent; finest step of the position grid
    float rotation = 0;  ///< quaternion components
    float scale = 0;     ///< natural logarithm
    float opacity = 0;   ///< alpha
    float colour = 0;    ///< luminance of the base colour's SH coefficient
    float detail = 0;    ///< luminance of the higher SH coefficients
    float chroma = 1;    ///< Co and Cg are this much coarser
};

/// The members of PlaneSteps, in their order.
inline constexpr int kStepClasses = 7;
inline constexpr const char* kStepNames[kStepClasses] = {"position", "rotation", "scale", "opacity",
                                                         "colour",   "detail",   "chroma"};
inline constexpr int kStepDetail = 5;  ///< nothing at SH degree 0
/// Binary logarithms of what steps are multiplied by, one a class.
using StepScales = std::array<double, kStepClasses>;

using StepValues = std::array<float, kStepClasses>;
StepValues values(const PlaneSteps& steps);
PlaneSteps plane_steps(const StepValues& values);
PlaneSteps scaled(PlaneSteps steps, const StepScales& scales);
/// All attributes coarser by 2^`log2_factor`, chroma with its luminance.
StepScales coarser(StepScales scales, double log2_factor);

/// How a stream departs from the settings of its quality.
struct StepTuning {
    StepScales scales{};
    int quantiser = 0;  ///< added
};

/// A quantiser so much higher errs twice as much (H.264, 8.5.9).
inline constexpr double kQpPerOctave = 6;

struct Quality {
    PlaneSteps steps;
    int quantiser = 0;  ///< H.264's QP, 1 … 51; the other codecs use what gives the same step
};

/// `quality` in 0 … 100, higher is finer; monotonous.
Quality quality_settings(double quality);
/// By how much all steps of a quality may become coarser, log2, until errors are those of quality 0; and
/// finer, negative, until they are those of quality 100. What one step of quality is in these units.
double coarsest(const Quality& quality);
double finest(const Quality& quality);
inline constexpr double kCoarsenessPerQuality = 0.06;
Quality tuned(Quality quality, const StepTuning& tuning);

}  // namespace volumen
