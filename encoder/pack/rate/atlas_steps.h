// Which steps an atlas is coded with, and what a quality would cost: found on few frames.
#pragma once

#include <string>
#include <vector>

#include "encoder/pack/rate/atlas_trials.h"
#include "encoder/pack/take_segments.h"

namespace volumen {

class AtlasSteps {
  public:
    AtlasSteps(const TakeSegments& take, const SegmentSettings& settings)
        : take_(take), settings_(settings) {}

    /// Bytes of each segment; those of segments that are not tried lie between those of their neighbours.
    std::vector<double> estimate(const Quality& quality);
    /// How the first segment departs best from `quality`.
    StepSearch search(const Quality& quality);
    int frames_coded() const;

  private:
    AtlasTrials& trials(std::size_t segment);

    const TakeSegments& take_;
    SegmentSettings settings_;
    struct Tried {
        std::size_t segment;
        AtlasTrials trials;
    };
    std::vector<Tried> tried_;
};

/// One line, of a search that saved something.
std::string describe(const StepSearch& search);

}  // namespace volumen
