// What an opened stream knows; shared by Stream, FrameDecoder and verify().
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "formats/stream/manifest.h"
#include "formats/stream/reader.h"
#include "formats/stream/side.h"
#include "formats/stream/source.h"
#include "formats/stream/video.h"

namespace volumen {

struct StreamRung {
    ManifestRung manifest;
    SideFile side;
    ByteSource side_source;
    std::vector<ByteSource> video_sources;  ///< a track
};

struct Stream::State {
    Manifest manifest;
    std::vector<StreamRung> rungs;
    std::optional<StreamRung> stage;
    std::vector<RungInfo> rung_infos;
    std::vector<std::vector<SegmentInfo>> segment_infos;
};

/// Opens every rung. Throws InputError.
std::shared_ptr<const Stream::State> open_state(const std::filesystem::path& path);
/// One segment's side chunks, read and checked.
SideSegment load_side_segment(const StreamRung& rung, std::size_t segment);
/// The same of a rung of joints and skin; the look-up images are still to be decoded.
std::shared_ptr<SkinSegment> load_skin_segment(const StreamRung& rung, std::size_t segment);

/// All of a rung's videos, decoded side by side, a thread each. One object, one thread. Errors are
/// InputErrors.
class RungVideo {
  public:
    /// `rung` must outlive this.
    RungVideo(const StreamRung& rung, HwAccel acceleration);

    /// Begins a segment: reads its part of every video and checks it against the index's checksums.
    void start(std::size_t segment);
    /// The next frame's atlas, or nothing at the segment's end. All videos must give the same frame.
    std::optional<DecodedPicture> next();
    /// What decodes, once the first picture has.
    std::string device() const;
    std::string note() const;  ///< of the first track that has something to tell
    const std::string& name() const { return rung_.video_sources.front().name; }  ///< for messages

  private:
    const StreamRung& rung_;
    std::vector<VideoDecoder> tracks_;
};

/// Decodes a segment's look-up images, which the video has been started on. Throws InputError.
void decode_lookups(RungVideo& video, SkinSegment& segment);

}  // namespace volumen
