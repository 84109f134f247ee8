#include "player/view/presenter.h"

#include <algorithm>

namespace volumen {

std::optional<SourceFrame> Presenter::first_after_seek(Time now) {
    if (!source_.ready_position()) {
        if (source_.finished()) waiting_ = false;
        return std::nullopt;
    }
    std::optional<SourceFrame> frame = source_.next();
    if (!frame) return std::nullopt;
    waiting_ = stalled_ = false;
    shown_ = frame->position;
    next_ = shown_ + 1;
    clock_.seek(shown_, now);
    return frame;
}

std::optional<SourceFrame> Presenter::update(Time now) {
    if (waiting_) return first_after_seek(now);
    const std::int64_t due = clock_.due(now);
    if (due <= shown_) return std::nullopt;

    std::optional<SourceFrame> frame;
    std::optional<std::int64_t> ready;
    while ((ready = source_.ready_position()) && *ready <= due) {
        if (frame) ++dropped_;
        frame = source_.next();
    }
    if (!frame) {
        if (ready || source_.finished()) {  // the due one was lost: the last good one stands
            next_ = ready.value_or(due + 1);
        } else if (!stalled_) {
            stalled_ = true;
            stalled_since_ = clock_.time_of(shown_ + 1);
        }
        return std::nullopt;
    }
    if (stalled_) end_stall(*frame, now);
    shown_ = frame->position;
    next_ = shown_ + 1;
    if (now - clock_.time_of(shown_ + 1) > kTolerance) clock_.seek(shown_, now);
    return frame;
}

void Presenter::end_stall(const SourceFrame& frame, Time now) {
    stalled_ = false;
    const std::chrono::duration<double, std::milli> wait = now - stalled_since_;
    if (stalls_.size() < kMaxStalls) stalls_.push_back({frame.index, wait.count()});
}

void Presenter::seek(std::int64_t position, Time now) {
    const std::int64_t target = std::max<std::int64_t>(position, 0);
    source_.seek(target);
    clock_.seek(target, now);
    target_ = target;
    waiting_ = true;
}

void Presenter::turn(bool backwards, std::int64_t position, Time now) {
    source_.set_backwards(backwards);
    seek(position, now);
}

void Presenter::step(int direction, Time now) {
    clock_.pause(now);
    if (shown_ < 0) return;
    if (direction > 0) {
        // The source's next frame is the one after the frame on screen: no seek.
        if (!source_.finished()) waiting_ = true;
        target_ = shown_ + 1;
        return;
    }
    const std::int64_t before_first = clock_.loop() ? clock_.frames() - 1 : 0;
    seek(shown_ > 0 ? shown_ - 1 : before_first, now);
}

double Presenter::share(Time now) const {
    if (waiting_ || stalled_ || !clock_.playing() || shown_ < 0) return 0;
    const Time from = clock_.time_of(shown_), to = clock_.time_of(shown_ + 1);
    return std::clamp(double((now - from).count()) / double((to - from).count()), 0.0, 1.0);
}

const SourceFrame* Presenter::upcoming() {
    if (waiting_ || shown_ < 0) return nullptr;
    const SourceFrame* frame = source_.peek();
    return frame && frame->position == shown_ + 1 ? frame : nullptr;
}

std::optional<Time> Presenter::next_update() const {
    if (waiting_ || stalled_ || !clock_.playing()) return std::nullopt;
    return clock_.time_of(next_);
}

}  // namespace volumen
