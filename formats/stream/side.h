// side.vol: metadata, segment index, and per segment what the video cannot carry. FORMAT.md has the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "formats/core/take_info.h"
#include "formats/stream/frame.h"
#include "formats/stream/source.h"

namespace volumen {

inline constexpr std::uint16_t kSideVersion = 1;
/// The names that this version knows. Either "atlas", attribute planes in a video's luma, and
/// "block-offsets", exact position offsets of blocks; or "joints", skin that follows them, with "lookups" in
/// a video's luma and "codebooks" of SH.
inline constexpr const char* kAtlasFeatures[] = {"atlas", "block-offsets"};
inline constexpr const char* kSkinFeatures[] = {"joints", "lookups", "codebooks"};
/// Beside those of an atlas: it lies in several videos.
inline constexpr const char* kTracksFeature = "tracks";

/// The JSON part.
struct SideHeader {
    TakeInfo take;
    std::uint32_t frame_count = 0;
    std::vector<std::string> features;  ///< what a reader must know, by name
    std::string rung_id, profile;
    std::uint32_t max_splats = 0;
    int sh_degree = 0;
    int tracks = 1;                         ///< videos; with more than one the features have kTracksFeature
    int atlas_width = 0, atlas_height = 0;  ///< of all their pictures, one below the other
    double quality = 0;

    /// Whether its segments are joints and skin (skin_segment.h), else they are atlases.
    bool has_skin() const;
    int picture_height() const { return atlas_height / tracks; }
};

/// A segment's bytes in one video file.
struct VideoPart {
    std::uint64_t offset = 0, size = 0;
    std::uint32_t crc = 0;
};

/// One segment: where its bytes lie in the side file and in the videos.
struct SegmentEntry {
    std::uint32_t first_frame = 0, frame_count = 0, splat_count = 0;
    std::uint64_t side_offset = 0, side_size = 0, video_offset = 0, video_size = 0;
    std::uint32_t video_crc = 0;            ///< of the video bytes; the side's chunks have their own
    std::vector<VideoPart> further_tracks;  ///< the same of track 1, 2, …

    VideoPart video(std::size_t track) const {
        return track ? further_tracks.at(track - 1) : VideoPart{video_offset, video_size, video_crc};
    }
    std::uint64_t bytes() const;  ///< in all files
};

struct SideFile {
    SideHeader header;
    std::vector<SegmentEntry> segments;
};

/// A segment's chunks.
struct SideSegment {
    std::shared_ptr<const SegmentLayout> layout;
    std::vector<std::int32_t> position_offset;  ///< frame_count × blocks × 3
    std::vector<std::uint32_t> luma_crc;        ///< of each decoded frame's luma, row by row
};

/// Everything in front of the first segment. Its size does not depend on the values in `segments`, only on
/// their number and that of the tracks.
Bytes write_side_header(const SideFile& side);
/// Reads and checks it. Throws InputError.
SideFile read_side_header(const ByteSource& source);

Bytes write_side_segment(const SideSegment& segment);
/// `bytes`: the segment's, already read; `entry` and `header` say what they must agree with. Throws
/// InputError, starting with `what`.
SideSegment read_side_segment(std::span<const std::uint8_t> bytes, const SegmentEntry& entry,
                              const SideHeader& header, const std::string& what);

}  // namespace volumen
