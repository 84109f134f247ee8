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
    ByteSource side_source, video_source;
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
/// What decodes a rung's video.
VideoDecoder::Params decoder_params(const StreamRung& rung, HwAccel acceleration);
/// One segment's side chunks, read and checked.
SideSegment load_side_segment(const StreamRung& rung, std::size_t segment);
/// The same of a rung of joints and skin; the look-up images are still to be decoded.
std::shared_ptr<SkinSegment> load_skin_segment(const StreamRung& rung, std::size_t segment);
/// Decodes its look-up images, which the decoder has been started on. Throws InputError.
void decode_lookups(VideoDecoder& video, SkinSegment& segment, const std::string& name);
/// One segment's moof and mdat, read and checked against the index's checksum.
Bytes load_video_fragment(const StreamRung& rung, std::size_t segment);

}  // namespace volumen
