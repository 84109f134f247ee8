// Decodes on a thread of its own, a few frames before the player.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "player/decode/frame_source.h"

namespace volumen {

/// Decodes frames in order on the caller's thread.
class TakeDecoder {
  public:
    virtual ~TakeDecoder() = default;
    virtual void seek(int frame) = 0;
    /// The next frame of the take. Throws InputError on damage; seek() to a later segment goes on.
    virtual FrameContent next() = 0;
    virtual std::string device() const = 0;
    virtual std::string note() const { return {}; }  ///< as FrameSource::decoder_note()
    /// The first frame of the segment that `frame` lies in, and of the one after it.
    virtual int segment_begin(int frame) const = 0;
    virtual int next_segment(int frame) const = 0;
};

/// Frames read ahead at most: enough to hide a slow keyframe, few enough to stay small (a decoded 4096×2160
/// atlas is 9 MB).
inline constexpr std::size_t kReadAheadFrames = 6;

/// Runs a decoder over a range, into a bounded queue. A segment that does not decode is noted and skipped.
class ReadAhead final : public FrameSource {
  public:
    ReadAhead(std::unique_ptr<TakeDecoder> decoder, FrameRange range,
              std::size_t capacity = kReadAheadFrames);
    ~ReadAhead() override;
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    std::optional<SourceFrame> next() override;
    std::optional<std::int64_t> ready_position() override;
    const SourceFrame* peek() override;
    bool finished() const override;
    void seek(std::int64_t position) override;
    void set_backwards(bool backwards) override;
    void set_loop(bool loop) override;
    std::vector<LostFrames> lost() const override;
    std::string device() const override;
    std::string decoder_note() const override;
    void on_ready(std::function<void()> callback) override;

  private:
    void run();
    std::size_t capacity() const;
    void note_lost(int first_frame, int count, const std::string& reason);
    bool at_end() const { return !loop_ && cursor_ >= lap_end_; }

    const std::unique_ptr<TakeDecoder> decoder_;  ///< used by the thread alone
    const FrameRange range_;
    const std::size_t capacity_;

    // Below: guarded by mutex_.
    mutable std::mutex mutex_;
    std::condition_variable wake_decoder_, wake_player_;
    std::deque<SourceFrame> queue_;
    std::int64_t cursor_ = 0;         ///< position that is decoded next
    std::int64_t lap_end_ = 0;        ///< where it ends without a loop
    std::uint64_t generation_ = 0;    ///< counts seeks: what an older one decoded is dropped
    bool seek_pending_ = true;        ///< the decoder has to be told of cursor_
    std::int64_t lost_in_a_row_ = 0;  ///< frames lost since the last good one
    bool backwards_ = false, loop_ = false, quit_ = false;
    std::exception_ptr fatal_;
    std::vector<LostFrames> lost_;
    std::string device_, note_;
    std::function<void()> on_ready_;

    std::thread thread_;  ///< last: starts when all else is there
};

/// One cloud that stands for every frame.
class StillSource final : public FrameSource {
  public:
    StillSource(std::shared_ptr<const SplatCloud> cloud, FrameRange range)
        : cloud_(std::move(cloud)), range_(range) {}
    std::optional<SourceFrame> next() override;
    std::optional<std::int64_t> ready_position() override;
    const SourceFrame* peek() override { return nullptr; }  // no frame differs from the one before
    bool finished() const override { return !loop_ && position_ >= range_.count(); }
    void seek(std::int64_t position) override { position_ = position; }
    void set_backwards(bool) override {}
    void set_loop(bool loop) override { loop_ = loop; }
    std::vector<LostFrames> lost() const override { return {}; }
    std::string device() const override { return "none"; }
    void on_ready(std::function<void()>) override {}

  private:
    std::shared_ptr<const SplatCloud> cloud_;
    FrameRange range_;
    std::int64_t position_ = 0;
    bool loop_ = false;
};

}  // namespace volumen
