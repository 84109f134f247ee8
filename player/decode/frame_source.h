// Where the player's frames come from, whatever is being played.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "formats/splats/cloud.h"
#include "formats/stream/frame.h"

namespace volumen {

/// The frames [begin, end) of a take that are played; `end` > `begin`.
struct FrameRange {
    int begin = 0, end = 1;
    int count() const { return end - begin; }
    /// The frame at a position: positions count on over the laps of a loop and never go back, also where
    /// frames go `backwards`, from the last to the first.
    int frame_at(std::int64_t position, bool backwards = false) const {
        const int passed = int(position % count());
        return backwards ? end - 1 - passed : begin + passed;
    }
    /// Its position in the first lap.
    int position_of(int frame, bool backwards = false) const {
        return backwards ? end - 1 - frame : frame - begin;
    }
};

using FrameContent = std::variant<std::shared_ptr<const SplatCloud>, PackedFrame>;

/// One frame, ready for the renderer.
struct SourceFrame {
    std::int64_t position = 0;  ///< on the playback line: 0 is the first frame of the first lap
    int index = 0;              ///< frame number in the take
    double decode_ms = 0;       ///< from packets to planes, on the processor's clock
    FrameContent content;
};

/// Frames that could not be decoded, and why. The player holds the last good frame over them.
struct LostFrames {
    int first_frame = 0, count = 0;
    std::string reason;
};

/// Frames in order of position. One consumer thread.
class FrameSource {
  public:
    virtual ~FrameSource() = default;

    /// The next frame, waiting for it; nothing at the end of the last lap. Throws what decoding threw when it
    /// cannot go on.
    virtual std::optional<SourceFrame> next() = 0;
    /// The next frame if it is there already; it stays the next one until next() takes it.
    virtual std::optional<std::int64_t> ready_position() = 0;
    /// That frame itself, or nothing; valid until next() or seek().
    virtual const SourceFrame* peek() = 0;
    /// Nothing is left and nothing will come, unless seek() or set_loop() is called.
    virtual bool finished() const = 0;
    /// The next frame is the one at `position` (or the first good one after it); what was read ahead is
    /// dropped. Returns at once.
    virtual void seek(std::int64_t position) = 0;
    /// Which frames positions stand for from now on (FrameRange); seek() follows.
    virtual void set_backwards(bool backwards) = 0;
    /// With `loop`, the frame after the last is the first of another lap.
    virtual void set_loop(bool loop) = 0;
    /// Frames lost to damage since the start, in the order of discovery; each damaged segment is told once.
    virtual std::vector<LostFrames> lost() const = 0;
    /// What decodes: "software", "vaapi", …; empty until it is known.
    virtual std::string device() const = 0;
    /// Why not the device that one might expect decodes, a line for the user; empty: nothing to tell.
    virtual std::string decoder_note() const { return {}; }
    /// Called from another thread whenever a frame has become ready; must not call the source.
    virtual void on_ready(std::function<void()> callback) = 0;
};

}  // namespace volumen
