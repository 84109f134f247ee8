// How a take's segments become video and side chunks: one kind a profile.
#pragma once

#include <memory>
#include <string>
#include <vector>

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

struct FoundSteps {
    double saved = 0;  ///< share of the bytes, at the same error
    std::string line;  ///< for people
};

/// From what comes to quality 100 to what comes to quality 0.
struct CoarsenessRange {
    double finest = 0, coarsest = 0;
};

class SegmentCoder {
  public:
    virtual ~SegmentCoder() = default;

    /// Before code(): 0 … 100. A take whose values have been through a stream before is coded finer.
    virtual void set_quality(double quality) = 0;
    /// The quantiser, H.264's QP; it may be set lower than the quality's.
    virtual int quantiser() const = 0;
    virtual void set_quantiser(int quantiser) = 0;
    /// Whether what follows does anything: levels whose steps can be chosen freely.
    virtual bool steers() const { return false; }
    /// Bytes of each segment at a quality, roughly, from a few frames of a few segments.
    virtual std::vector<double> estimate(double /*quality*/) { return {}; }
    /// After set_quality(): weighs the steps of the attributes against each other by what they cost in the
    /// first segment's picture, and keeps the best.
    virtual FoundSteps find_steps() { return {}; }
    /// All steps are coarser by 2^`log2_factor` than the quality's, or those found.
    virtual void set_coarseness(double /*log2_factor*/) {}
    virtual CoarsenessRange coarseness_range() const { return {}; }
    /// Coded by estimate() and find_steps(), and not by code().
    virtual int trial_frames() const { return 0; }
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
