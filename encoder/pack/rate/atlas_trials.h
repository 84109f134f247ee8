// A segment's first frames, coded again and again: what steps cost in bytes and in the picture.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "encoder/pack/rate/rendered_error.h"
#include "encoder/pack/rate/step_search.h"
#include "encoder/pack/segment.h"

namespace volumen {

class AtlasTrials {
  public:
    /// `frames`: a segment's, in any order.
    AtlasTrials(std::vector<SplatCloud> frames, const TakeInfo& take, const SegmentSettings& settings);

    /// Bytes are those of the whole segment, estimated.
    Trial run(const Quality& quality);
    /// Without a look at the picture.
    double bytes(const Quality& quality);
    int frames_coded() const { return frames_coded_; }

  private:
    AtlasSegment code(const Quality& quality, std::span<const int> shown);
    double bytes_of(const AtlasSegment& coded) const;

    SegmentSettings settings_;
    int segment_frames_ = 0;
    std::vector<SplatCloud> frames_;
    std::vector<int> shown_;
    std::unique_ptr<RenderedError> error_;  ///< once it was asked for
    TakeInfo take_;
    int frames_coded_ = 0;
};

}  // namespace volumen
