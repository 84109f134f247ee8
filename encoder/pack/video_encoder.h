// Atlas pictures -> video, a closed group of pictures at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "formats/core/bytes.h"
#include "formats/core/take_info.h"

namespace volumen {

struct VideoSettings {
    std::string codec;  ///< h264, hevc, av1
    int quantiser = 0;  ///< H.264's QP
    int width = 0, height = 0;
    FrameRate fps;
};

/// One packet a picture, in order; the first is a keyframe and nothing refers beyond it.
struct EncodedSegment {
    int frames = 0;   ///< that it lasts: as many as pictures, or more, through which the last one stands
    Bytes extradata;  ///< the codec's parameter sets, alike for all segments of the same settings
    std::vector<Bytes> packets;
};

using Pictures = std::vector<std::vector<std::uint8_t>>;

/// The step between two reconstruction levels of H.264 at a QP, in luma levels.
double quantiser_step(int quantiser);

/// Throws UsageError when this FFmpeg lacks the codec's encoder, by name, or `codec` is unknown.
void require_encoder(const std::string& codec);

/// Encodes width × height luma pictures; chroma is grey.
EncodedSegment encode_segment(const Pictures& luma, const VideoSettings& settings);

/// Decodes it again, in software.
Pictures decode_segment(const EncodedSegment& segment, const VideoSettings& settings);

/// Writes a fragmented MP4, one fragment a segment, segment index in front.
class Mp4Writer {
  public:
    Mp4Writer(const std::filesystem::path& file, const VideoSettings& settings);
    ~Mp4Writer();
    Mp4Writer(const Mp4Writer&) = delete;
    Mp4Writer& operator=(const Mp4Writer&) = delete;

    void add(const EncodedSegment& segment);
    void finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace volumen
