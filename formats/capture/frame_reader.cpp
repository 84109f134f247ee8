#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "formats/capture/capture_state.h"
#include "formats/core/error.h"

namespace volumen {

/// One thread: it must not use parallel_for, whose threads the caller needs, and reading is far quicker than
/// what callers do with a frame.
struct FrameReader::State {
    std::shared_ptr<const Capture::State> capture;
    std::vector<int> views;
    int first = 0, end = 0;
    std::size_t ahead = 1;

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<CaptureFrame> ready;
    bool stop = false, finished = false;
    std::exception_ptr error;
    std::thread thread;

    void run() {
        try {
            std::vector<ViewFrames> frames;
            for (const int view : views)
                frames.emplace_back(capture->sources[std::size_t(view)], capture->masks);
            for (int index = first; index < end; ++index) {
                {
                    std::unique_lock lock(mutex);
                    changed.wait(lock, [&] { return stop || ready.size() < ahead; });
                    if (stop) return;
                }
                CaptureFrame frame{index, {}};
                for (ViewFrames& view : frames)
                    frame.images.push_back(capture->strict && view.covers(index)
                                               ? view.read(index)
                                               : view.read_if_present(index));
                std::lock_guard lock(mutex);
                ready.push_back(std::move(frame));
                changed.notify_all();
            }
        } catch (...) {
            std::lock_guard lock(mutex);
            error = std::current_exception();
        }
        std::lock_guard lock(mutex);
        finished = true;
        changed.notify_all();
    }
};

FrameReader::FrameReader(const Capture& capture, std::vector<int> views, int first_frame, int end_frame,
                         int ahead)
    : state_(std::make_unique<State>()) {
    for (const int view : views)
        if (view < 0 || view >= int(capture.views().size()))
            throw UsageError("the capture has views 0 to {}, not {}", capture.views().size() - 1, view);
    if (first_frame < 0 || end_frame < first_frame || end_frame > capture.frame_count())
        throw UsageError("frames {} to {} of a capture that has {}", first_frame, end_frame - 1,
                         capture.frame_count());
    state_->capture = capture.state_;
    state_->views = std::move(views);
    state_->first = first_frame, state_->end = end_frame;
    state_->ahead = std::size_t(std::max(ahead, 1));
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

FrameReader::~FrameReader() {
    {
        std::lock_guard lock(state_->mutex);
        state_->stop = true;
    }
    state_->changed.notify_all();
    state_->thread.join();
}

std::optional<CaptureFrame> FrameReader::next() {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return !state_->ready.empty() || state_->finished; });
    if (state_->ready.empty()) {
        if (state_->error) std::rethrow_exception(state_->error);
        return std::nullopt;
    }
    CaptureFrame frame = std::move(state_->ready.front());
    state_->ready.pop_front();
    state_->changed.notify_all();
    return frame;
}

}  // namespace volumen
