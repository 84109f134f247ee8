// How a take's segments become video and side chunks: one kind a profile.
#pragma once

#include <memory>

#include "encoder/pack/atlas.h"
#include "encoder/pack/pack.h"
#include "encoder/pack/take_segments.h"
#include "encoder/pack/video_encoder.h"
#include "formats/stream/side.h"

namespace volumen {

struct CodedSegment {
    std::vector<EncodedSegment> videos;  ///< a track
    Bytes side;                          ///< the segment's chunks
    std::uint32_t splat_count = 0;
    /// Of the decoded luma against what was encoded: root mean square, of the worst plane.
    double worst_rms = 0;
};

class SegmentCoder {
  public:
    virtual ~SegmentCoder() = default;

    /// Before code(): 0 … 100. A take whose values have been through a stream before is coded finer.
    virtual void set_quality(double quality) = 0;
    /// The quantiser, H.264's QP; it may be set lower than the quality's.
    virtual int quantiser() const = 0;
    virtual void set_quantiser(int quantiser) = 0;
    /// What video has in common over all segments and tracks.
    virtual VideoSettings video() const = 0;
    /// Sets features, profile, max_splats, sh_degree, tracks and the atlas' size.
    virtual void describe(SideHeader& header) const = 0;
    /// Codes and decodes again, compares what is exact. Throws InputError where it does not come back.
    virtual CodedSegment code(std::size_t segment) = 0;
};

/// Attribute planes in the luma of one or several videos, each within `limits`.
std::unique_ptr<SegmentCoder> make_atlas_coder(const TakeSegments& take, const std::string& codec,
                                               const TrackLimits& limits = kEveryDecoder);
/// Joints and skin (DualGS). The take has joints. `colour_changes`: as in PackOptions.
std::unique_ptr<SegmentCoder> make_skin_coder(const TakeSegments& take, const std::string& codec,
                                              double colour_changes = PackOptions{}.colour_changes);

}  // namespace volumen
