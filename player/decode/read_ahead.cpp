#include "player/decode/read_ahead.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "formats/core/error.h"
#include "player/decode/backwards.h"

namespace volumen {

ReadAhead::ReadAhead(std::unique_ptr<TakeDecoder> decoder, FrameRange range, std::size_t capacity)
    : decoder_(std::move(decoder)),
      range_(range),
      capacity_(std::max<std::size_t>(capacity, 1)),
      lap_end_(range.count()),
      thread_([this] { run(); }) {}

ReadAhead::~ReadAhead() {
    {
        std::lock_guard lock(mutex_);
        quit_ = true;
    }
    wake_decoder_.notify_all();
    thread_.join();
}

/// Backwards, a run of frames is decoded while the one before is shown.
std::size_t ReadAhead::capacity() const {
    return backwards_ ? std::max<std::size_t>(capacity_, Backwards::kRun) : capacity_;
}

void ReadAhead::run() {
    Backwards reversed;
    std::unique_lock lock(mutex_);
    while (true) {
        wake_decoder_.wait(lock,
                           [this] { return quit_ || (!fatal_ && !at_end() && queue_.size() < capacity()); });
        if (quit_) return;
        const std::int64_t position = cursor_;
        const std::uint64_t generation = generation_;
        const bool seek_first = std::exchange(seek_pending_, false), backwards = backwards_;
        lock.unlock();

        const int index = range_.frame_at(position, backwards);
        SourceFrame frame{.position = position, .index = index, .decode_ms = 0, .content = {}};
        std::string damage, device, note;
        std::exception_ptr fatal;
        try {
            const auto start = std::chrono::steady_clock::now();
            if (backwards) {
                frame.content = reversed.read(*decoder_, index);
            } else {
                reversed.forget();
                if (seek_first || (index == range_.begin && position > 0)) decoder_->seek(index);
                frame.content = decoder_->next();
            }
            frame.decode_ms =
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
            device = decoder_->device(), note = decoder_->note();
        } catch (const InputError& error) {
            damage = error.what();
        } catch (...) {
            fatal = std::current_exception();
        }

        lock.lock();
        if (generation != generation_) continue;
        if (fatal) {
            fatal_ = fatal;
        } else if (!damage.empty()) {
            const int first =
                backwards ? std::clamp(decoder_->segment_begin(index), range_.begin, index) : index;
            const int end =
                backwards ? index + 1 : std::clamp(decoder_->next_segment(index), index + 1, range_.end);
            note_lost(first, end - first, damage);
            cursor_ = position + (end - first);
            seek_pending_ = true;
        } else {
            device_ = std::move(device), note_ = std::move(note);
            lost_in_a_row_ = 0;
            queue_.push_back(std::move(frame));
            ++cursor_;
        }
        wake_player_.notify_all();
        if (on_ready_) on_ready_();
    }
}

void ReadAhead::note_lost(int first_frame, int count, const std::string& reason) {
    const bool known = std::ranges::any_of(
        lost_, [&](const LostFrames& l) { return l.first_frame == first_frame && l.count == count; });
    if (!known) lost_.push_back({first_frame, count, reason});
    lost_in_a_row_ += count;
    // A whole lap without a good frame: going round again would never end.
    if (loop_ && lost_in_a_row_ >= range_.count())
        fatal_ = std::make_exception_ptr(InputError("no frame could be decoded: {}", reason));
}

std::optional<SourceFrame> ReadAhead::next() {
    std::unique_lock lock(mutex_);
    wake_player_.wait(lock, [this] { return !queue_.empty() || fatal_ || at_end(); });
    if (queue_.empty()) {
        if (fatal_) std::rethrow_exception(fatal_);
        return std::nullopt;
    }
    SourceFrame frame = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    wake_decoder_.notify_one();
    return frame;
}

std::optional<std::int64_t> ReadAhead::ready_position() {
    std::lock_guard lock(mutex_);
    if (!queue_.empty()) return queue_.front().position;
    if (fatal_) std::rethrow_exception(fatal_);
    return std::nullopt;
}

const SourceFrame* ReadAhead::peek() {
    std::lock_guard lock(mutex_);
    // Frames that come later move no frame that is there; only the consumer takes them.
    return queue_.empty() ? nullptr : &queue_.front();
}

bool ReadAhead::finished() const {
    std::lock_guard lock(mutex_);
    return queue_.empty() && !fatal_ && at_end();
}

void ReadAhead::seek(std::int64_t position) {
    {
        std::lock_guard lock(mutex_);
        ++generation_;
        queue_.clear();
        cursor_ = std::max<std::int64_t>(position, 0);
        lap_end_ = (cursor_ / range_.count() + 1) * range_.count();
        seek_pending_ = true;
        lost_in_a_row_ = 0;
        fatal_ = nullptr;
    }
    wake_decoder_.notify_one();
}

void ReadAhead::set_backwards(bool backwards) {
    std::lock_guard lock(mutex_);
    if (backwards == backwards_) return;
    ++generation_;
    queue_.clear();
    backwards_ = backwards;
    seek_pending_ = true;
}

void ReadAhead::set_loop(bool loop) {
    {
        std::lock_guard lock(mutex_);
        if (loop_ && !loop) {
            // The lap that is on screen becomes the last; what was read ahead beyond it stays unused.
            const std::int64_t on_screen = queue_.empty() ? cursor_ : queue_.front().position;
            lap_end_ = (on_screen / range_.count() + 1) * range_.count();
        }
        loop_ = loop;
    }
    wake_decoder_.notify_one();
    wake_player_.notify_all();
}

std::vector<LostFrames> ReadAhead::lost() const {
    std::lock_guard lock(mutex_);
    return lost_;
}

std::string ReadAhead::device() const {
    std::lock_guard lock(mutex_);
    return device_;
}

std::string ReadAhead::decoder_note() const {
    std::lock_guard lock(mutex_);
    return note_;
}

void ReadAhead::on_ready(std::function<void()> callback) {
    std::lock_guard lock(mutex_);
    on_ready_ = std::move(callback);
}

std::optional<SourceFrame> StillSource::next() {
    if (!ready_position()) return std::nullopt;
    const std::int64_t position = position_++;
    return SourceFrame{
        .position = position, .index = range_.frame_at(position), .decode_ms = 0, .content = cloud_};
}

std::optional<std::int64_t> StillSource::ready_position() {
    if (finished()) return std::nullopt;
    return position_;
}

}  // namespace volumen
