// Keeps the frame rate where splats lie many deep, close to the camera: with fewer pixels.
#pragma once

#include "player/source/viewpoint.h"

namespace volumen {

/// Chooses how large pictures are rendered, by what the last ones took. A level has half the pixels of the
/// one before. It goes on to fewer pixels after kSlow slow pictures, and back after kFast of which twice the
/// time would still be quick enough.
class Governor {
  public:
    static constexpr int kLevels = 4;
    static constexpr int kSlow = 2, kFast = 12;
    /// Share of the budget that a finer level may be expected to take.
    static constexpr double kSafe = 0.8;
    static constexpr int kLeastSide = 16;

    /// A picture of size_of() took so long.
    void rendered(double ms, double budget_ms);
    /// Whether pictures are smaller than the screen.
    bool acts() const { return level_ > 0; }
    void reset() { level_ = slow_ = fast_ = 0; }

    /// Of the pictures to render for a screen.
    ViewSize size_of(ViewSize screen) const;

  private:
    int level_ = 0, slow_ = 0, fast_ = 0;
};

}  // namespace volumen
