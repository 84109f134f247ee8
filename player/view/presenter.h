// Brings the clock and the source together: which frame to show now.
#pragma once

#include <optional>
#include <vector>

#include "player/decode/frame_source.h"
#include "player/view/playback_clock.h"

namespace volumen {

/// A moment at which the due frame was not there.
struct Stall {
    int frame = 0;       ///< the frame that was waited for
    double wait_ms = 0;  ///< from when it was due to when it came
};

/// Stalls that are remembered; a decoder that never keeps up would fill the memory.
inline constexpr std::size_t kMaxStalls = 10000;

/// How late a frame may be before the content clock waits for it. Less is made good by dropping frames.
inline constexpr Time kTolerance = std::chrono::milliseconds(250);

/// Takes the frames from the source when the clock says so, never out of order. Frames that came too late to
/// be shown are dropped and counted.
class Presenter {
  public:
    Presenter(FrameSource& source, PlaybackClock& clock) : source_(source), clock_(clock) {}

    /// The frame that replaces the one on screen at `now`, if any.
    std::optional<SourceFrame> update(Time now);

    /// Shows `position` as soon as it is decoded; the clock waits for it.
    void seek(std::int64_t position, Time now);
    /// One position on or back; pauses.
    void step(int direction, Time now);
    /// Frames go the other way from now on, from the one at `position` (of that way) on.
    void turn(bool backwards, std::int64_t position, Time now);

    /// When update() has to be called at the latest; nothing: when the source has a frame ready.
    std::optional<Time> next_update() const;
    /// How far `now` lies between the frame on screen and the next, 0 to 1, while playing; 0 else.
    double share(Time now) const;
    /// The frame that will replace the one on screen, if it follows it at once and is there.
    const SourceFrame* upcoming();
    /// A seek or step has not been answered by a frame yet.
    bool waiting() const { return waiting_; }
    /// The position that is waited for.
    std::int64_t target() const { return target_; }

    std::uint64_t dropped() const { return dropped_; }
    const std::vector<Stall>& stalls() const { return stalls_; }

  private:
    std::optional<SourceFrame> first_after_seek(Time now);
    void end_stall(const SourceFrame& frame, Time now);

    FrameSource& source_;
    PlaybackClock& clock_;
    std::int64_t target_ = 0;
    std::int64_t next_ = 1;    ///< position at which something may change
    std::int64_t shown_ = -1;  ///< position on screen
    bool waiting_ = true;      ///< the next frame is shown whatever the clock says
    bool stalled_ = false;
    Time stalled_since_{0};
    std::uint64_t dropped_ = 0;
    std::vector<Stall> stalls_;
};

}  // namespace volumen
