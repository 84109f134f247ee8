// The atlas video: MP4 boxes, the codec's name, and decoding segment by segment.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "formats/stream/reader.h"
#include "formats/stream/source.h"

namespace volumen {

/// Where a fragmented MP4's parts lie.
struct Mp4Index {
    std::uint64_t init_size = 0;                 ///< ftyp and moov: bytes [0, init_size)
    std::uint64_t sidx_begin = 0, sidx_end = 0;  ///< the segment index box
    struct Fragment {
        std::uint64_t offset = 0, size = 0;  ///< moof and mdat
        std::uint64_t duration = 0;          ///< in units of timescale
    };
    std::vector<Fragment> fragments;
    std::uint32_t timescale = 0;
};

/// Reads the boxes in front of the first fragment. Throws InputError.
Mp4Index read_mp4_index(const ByteSource& source);

/// What an initialisation segment (ftyp, moov) says of its one video stream.
struct VideoInfo {
    std::string codec;  ///< as in the MPD: "avc1.640020", "hvc1.1.6.L93.B0", "av01.0.04M.08"
    int width = 0, height = 0;
};
VideoInfo read_video_info(const Bytes& init, const std::string& name);

/// A picture of the atlas: luma without padding, and its presentation time as a frame number of the take.
struct DecodedPicture {
    std::int64_t frame = 0;
    std::vector<std::uint8_t> luma;
};

/// Decodes segments of one video. Devices and the codec's context are kept from segment to segment. One
/// object, one thread. Errors are InputErrors.
class VideoDecoder {
  public:
    struct Params {
        HwAccel acceleration = HwAccel::automatic;
        Bytes init;  ///< ftyp, moov
        int width = 0, height = 0;
        FrameRate fps;
        std::string name;  ///< for messages
        int threads = 0;   ///< of software; 0: as many as parallel_for uses
    };
    explicit VideoDecoder(Params params);
    ~VideoDecoder();
    VideoDecoder(VideoDecoder&&) noexcept;
    VideoDecoder& operator=(VideoDecoder&&) noexcept;

    /// Begins a segment: `fragment` is its moof and mdat.
    void start(const Bytes& fragment);
    /// The segment's next picture, or nothing at its end.
    std::optional<DecodedPicture> next();
    /// The same into `luma`, width × height; returns the frame.
    std::optional<std::int64_t> next(std::span<std::uint8_t> luma);
    /// "software", "vaapi", …; empty before the first picture.
    std::string device() const;
    /// Why it is not the device that one might expect, a line for the user; empty: nothing to tell.
    std::string note() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace volumen
