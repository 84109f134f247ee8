// What plays: the frames, the clock that says when, and what the user does with both.
#pragma once

#include "player/source/take.h"
#include "player/view/presenter.h"

namespace volumen {

/// The frames of a range of a take in the window. Times are of one steady clock.
class Playback {
  public:
    Playback(const Take& take, FrameRange range, HwAccel acceleration);

    FrameSource& source() { return *source_; }
    const PlaybackClock& clock() const { return clock_; }
    Presenter& presenter() { return presenter_; }
    const Presenter& presenter() const { return presenter_; }
    FrameRange range() const { return range_; }
    bool is_video() const { return range_.count() > 1; }
    /// On screen, of the take.
    int frame() const { return frame_; }
    bool backwards() const { return backwards_; }
    /// Where a seek goes to, else frame().
    int target() const;

    /// The frame that replaces the one on screen at `now`, if any. Playing pauses on the last one.
    std::optional<SourceFrame> update(Time now);
    /// What was taken from the source is on screen.
    void shown(const SourceFrame& frame) { frame_ = frame.index; }

    void play(Time now);
    void pause(Time now) { clock_.pause(now); }
    /// Pauses or plays, from the start where the end was reached.
    void toggle(Time now);
    void set_loop(bool loop, Time now);
    void set_speed(int thousandths, Time now) { clock_.set_speed(thousandths, now); }
    /// Backwards from here on, or forwards again.
    void turn(Time now);

    /// Shows a frame of the take, or the nearest of the range, as soon as it is decoded.
    void seek(int frame, Time now);
    /// A frame of the take on or back; pauses.
    void step(int direction, Time now);
    /// To the beginning of the segment before or after; of the last, to its end.
    void step_segment(int direction, Time now);

  private:
    int position_of(int frame) const;

    const Take& take_;
    const FrameRange range_;
    std::unique_ptr<FrameSource> source_;
    PlaybackClock clock_;
    Presenter presenter_;
    int frame_;
    bool backwards_ = false;
};

}  // namespace volumen
