// The frames that are evaluated: of a stream, or of a model that is not packed.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/take_info.h"
#include "formats/splats/cloud.h"
#include "formats/stream/frame.h"

namespace volumen {

struct SourceFrame {
    int index = 0;
    std::optional<PackedFrame> packed;  ///< of a stream
    std::optional<SplatCloud> cloud;    ///< of a model
    std::size_t splats = 0;
    double decode_ms = 0;

    const SplatCloud& unpacked();  ///< `cloud`, dequantised first where it is missing
};

struct SourceTrack {
    std::string name;  ///< "atlas (video, avc1.640028)"
    std::uint64_t bytes = 0;
};

/// How a take was trained and packed.
struct Coding {
    std::string profile;            ///< auto, v3 or dualgs; empty: not known
    std::string codec;              ///< of the video: h264, hevc or av1; empty: not packed
    std::optional<double> quality;  ///< 0 to 100; nothing: not packed
};

class FrameSource {
  public:
    virtual ~FrameSource() = default;
    virtual const TakeInfo& info() const = 0;
    virtual int frame_count() const = 0;
    virtual int sh_degree() const = 0;
    /// The first frames of its segments, ascending; empty: not known.
    virtual std::vector<int> segment_begins() const = 0;
    /// The capture's frame that is frame 0 here, where that is known.
    virtual std::optional<int> first_capture_frame() const { return std::nullopt; }
    virtual Coding coding() const = 0;
    virtual std::vector<SourceTrack> tracks() const = 0;
    /// The still surroundings that belong to every frame; nothing where there are none.
    virtual std::optional<SplatCloud> stage() const { return std::nullopt; }
    /// A stream's frame has its share of its segment.
    virtual double frame_bytes(int frame) const = 0;
    /// The next frame returned is `frame`.
    virtual void seek(int frame) = 0;
    virtual std::optional<SourceFrame> next() = 0;
};

/// A stream (directory with manifest.mpd, or that file), else a model, splats, or a directory of splat files.
std::unique_ptr<FrameSource> open_frame_source(const std::filesystem::path& path);

/// Of the same splats as float32 in the reference PLY layout, without its header.
double raw_frame_bytes(std::size_t splats, int sh_degree);

}  // namespace volumen
