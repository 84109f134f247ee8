// One segment of a model as an atlas: the step of packing that depends on nothing but itself.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "encoder/pack/atlas.h"
#include "encoder/pack/quality.h"
#include "encoder/pack/video_encoder.h"
#include "formats/stream/side.h"

namespace volumen {

/// What all segments of a stream share.
struct SegmentSettings {
    std::string codec;
    Quality quality;
    AtlasShape atlas;
    FrameRate fps;
    int sh_degree = 0;
    float extent = 1;  ///< the take's largest side, scene units

    /// Of each track.
    VideoSettings video() const {
        return {codec, quality.quantiser, atlas.width, atlas.picture_height(), fps};
    }
};

struct AtlasSegment {
    std::vector<EncodedSegment> videos;  ///< a track
    SideSegment side;
    /// Of the decoded luma against what was encoded, the worst plane: root mean square, and the largest
    /// error of all.
    double worst_rms = 0;
    int largest_error = 0;
    std::vector<SplatCloud> shown;  ///< of the frames asked for: what a player reconstructs

    /// Of a frame's pictures in all tracks.
    std::size_t picture_bytes(std::size_t frame) const {
        std::size_t bytes = 0;
        for (const EncodedSegment& video : videos) bytes += video.packets[frame].size();
        return bytes;
    }
};

/// Puts splats into the stream's order and rotations into their canonical form. `frames`: all of the
/// segment's, alike in count and SH degree.
void order_segment(std::vector<SplatCloud>& frames, const AtlasShape& atlas);
/// Quantises, encodes, and decodes again. `frames`: as order_segment() leaves them. `shown`: frames wanted
/// back, counted from the segment's first.
AtlasSegment code_ordered_segment(std::span<const SplatCloud> frames, int first_frame,
                                  const SegmentSettings& settings, std::span<const int> shown = {});
/// Both, one after the other.
AtlasSegment code_atlas_segment(std::vector<SplatCloud> frames, int first_frame,
                                const SegmentSettings& settings);

}  // namespace volumen
