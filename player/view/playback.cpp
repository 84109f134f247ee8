#include "player/view/playback.h"

#include <algorithm>

namespace volumen {

Playback::Playback(const Take& take, FrameRange range, HwAccel acceleration)
    : take_(take),
      range_(range),
      source_(take.frames(range, acceleration)),
      clock_(take.info().fps, range.count()),
      presenter_(*source_, clock_),
      frame_(range.begin) {}

int Playback::target() const {
    return presenter_.waiting() ? range_.frame_at(presenter_.target(), backwards_) : frame_;
}

std::optional<SourceFrame> Playback::update(Time now) {
    std::optional<SourceFrame> frame = presenter_.update(now);
    if (clock_.playing() && !presenter_.waiting() && clock_.ended(now)) clock_.pause(now);
    return frame;
}

void Playback::play(Time now) {
    if (is_video()) clock_.play(now);
}

void Playback::toggle(Time now) {
    if (clock_.playing()) {
        clock_.pause(now);
        return;
    }
    if (is_video() && clock_.ended(now)) presenter_.seek(0, now);
    play(now);
}

void Playback::set_loop(bool loop, Time now) {
    clock_.set_loop(loop, now);
    source_->set_loop(loop);
}

void Playback::turn(Time now) {
    backwards_ = !backwards_;
    presenter_.turn(backwards_, position_of(frame_), now);
}

void Playback::seek(int frame, Time now) {
    presenter_.seek(position_of(frame), now);
}

void Playback::step(int direction, Time now) {
    presenter_.step(backwards_ ? -direction : direction, now);
}

void Playback::step_segment(int direction, Time now) {
    int target = direction < 0 ? range_.begin : range_.end - 1;
    for (const SegmentInfo& segment : take_.segments()) {
        if (direction > 0 && segment.first_frame > frame_) target = std::min(target, segment.first_frame);
        if (direction < 0 && segment.first_frame < frame_) target = std::max(target, segment.first_frame);
    }
    seek(target, now);
}

int Playback::position_of(int frame) const {
    return range_.position_of(std::clamp(frame, range_.begin, range_.end - 1), backwards_);
}

}  // namespace volumen
