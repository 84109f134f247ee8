// Frames last to first, from a decoder that only goes on.
#pragma once

#include <vector>

#include "player/decode/read_ahead.h"

namespace volumen {

/// Decodes a segment's frames in runs and hands out each run from its end. A segment that is longer than a
/// run is decoded from its keyframe again for each of its runs.
class Backwards {
  public:
    /// Frames of a run, and what they may take together.
    static constexpr int kRun = 32;
    static constexpr std::size_t kRunBytes = 128u << 20;

    /// Throws what the decoder throws; then nothing is held.
    FrameContent read(TakeDecoder& decoder, int frame);
    void forget() { held_.clear(); }

  private:
    std::vector<FrameContent> held_;  ///< a run's frames that are left; `last_` is the last one's number
    int last_ = 0;
    int run_ = kRun;
};

}  // namespace volumen
