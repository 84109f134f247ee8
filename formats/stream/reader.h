// Reading a stream: manifest, side file, video atlas.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/take_info.h"
#include "formats/stream/frame.h"

namespace volumen {

struct TrackInfo {
    std::string id, tool, codec;  ///< tool: video, rans, … ; codec as in the MPD ("avc1.640028", …)
    std::string file;
    std::uint64_t bytes = 0;
    int width = 0, height = 0;  ///< video tracks
};

struct RungInfo {
    std::string id, profile;
    std::uint32_t max_splats = 0;
    int sh_degree = 0;
    double quality = 0;  ///< 0 to 100, as the encoder was told
    std::vector<TrackInfo> tracks;
};

struct SegmentInfo {
    int first_frame = 0, frame_count = 0;
    std::uint32_t splat_count = 0;
    std::uint64_t bytes = 0;  ///< all tracks of the rung together
};

/// An opened stream. Everything in it is hostile until checked; errors are InputErrors that name file and
/// place.
class Stream {
  public:
    /// `path`: the directory or its manifest.mpd.
    static Stream open(const std::filesystem::path& path);

    const TakeInfo& info() const;
    int frame_count() const;
    const std::vector<RungInfo>& rungs() const;
    const std::vector<SegmentInfo>& segments(int rung = 0) const;
    /// What a rung's bytes are spent on: its tracks, and of joints and skin the parts of its side file one by
    /// one, "side" being the rest of it. Together they are the files' bytes. Reads the side file; a segment
    /// that is damaged counts as "side".
    std::vector<TrackInfo> parts(int rung) const;
    /// The take's still surroundings, if the stream has them: what it takes …
    std::optional<RungInfo> stage() const;
    /// … and the splats, decoded now: as many for the whole take, drawn together with those of each frame.
    /// Throws InputError on damage.
    std::optional<SplatCloud> read_stage() const;

    struct State;

  private:
    friend class FrameDecoder;
    std::shared_ptr<const State> state_;
};

/// How the video is decoded. `automatic` tries the hardware devices that FFmpeg and the machine have, then
/// software.
enum class HwAccel { automatic, none, vulkan, vaapi, cuda };

/// Decodes one rung's frames in order, from any frame on. Video through FFmpeg, matched with the side file by
/// presentation time. One object, one thread.
class FrameDecoder {
  public:
    FrameDecoder(const Stream& stream, int rung, HwAccel acceleration);
    ~FrameDecoder();
    FrameDecoder(FrameDecoder&&) noexcept;
    FrameDecoder& operator=(FrameDecoder&&) noexcept;

    /// The next frame returned is `frame`: decoding starts at its segment.
    void seek(int frame);
    /// The next frame, or nothing at the take's end. Throws InputError on damage; after it, seek() to a later
    /// segment goes on.
    std::optional<PackedFrame> next();
    /// "software", "vaapi", …: what decodes, once the first frame has.
    std::string device() const;
    /// Why not the device that one might expect decodes: a line for the user, empty where there is nothing to
    /// tell. Known with the first frame.
    std::string note() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

struct VerifyReport {
    int frames = 0, segments = 0;
    std::vector<std::string> problems;  ///< empty: the stream is whole
};
/// Decodes everything and checks every checksum, the structure and the manifest against the files.
VerifyReport verify(const std::filesystem::path& path);

}  // namespace volumen
