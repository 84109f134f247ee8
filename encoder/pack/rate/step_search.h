// How fine the attributes' levels are, against each other and the quantiser: found by trying.
#pragma once

#include <functional>
#include <span>

#include "encoder/pack/quality.h"

namespace volumen {

/// What coding with certain steps comes to.
struct Trial {
    double bytes = 0;
    double error = 0;  ///< mean squared, of rendered pictures
};
using TrySteps = std::function<Trial(const StepTuning&)>;

struct StepSearch {
    StepTuning tuning;  ///< nothing where nothing better was found
    double saved = 0;   ///< share of the bytes, at the same error
    int trials = 0;
};

/// So often `attempt` is called, at most.
inline constexpr int kMostTrials = 28;

/// Looks for the steps with the fewest bytes at the error that `attempt` gives with no tuning. Where one
/// class gives a byte for less error than another, moving both lowers error + λ · bytes, with λ from a
/// coarser and a finer quantiser: class after class is moved as long as that becomes lower. What is
/// found comes to the error of the start. `classes`: those that matter, indices into kStepNames. `quantiser`:
/// the start's, which is lowered with levels made coarser likewise, as long as that gains; 0 where it stays.
/// Deterministic where `attempt` is.
StepSearch search_steps(const TrySteps& attempt, std::span<const int> classes, int quantiser);

}  // namespace volumen
