// What is being played: a stream, or one cloud.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "formats/core/take_info.h"
#include "formats/stream/reader.h"
#include "player/decode/frame_source.h"
#include "player/source/viewpoint.h"

namespace volumen {

/// An opened take.
class Take {
  public:
    /// A stream's directory or manifest, or splats (.ply, .spz, .splat, .sog, the folder or meta.json of a
    /// SOG). Throws InputError on what this build does not open (URLs among it). `splats_up` is the up axis
    /// of a splat file, which does not say it.
    static Take open(const std::string& path, glm::vec3 splats_up);

    const TakeInfo& info() const { return info_; }
    /// Of the take; 1 for a cloud.
    int frame_count() const { return frame_count_; }
    bool is_still() const { return cloud_ != nullptr; }
    const std::vector<SegmentInfo>& segments() const { return segments_; }
    /// Mean over the take, all tracks; 0 for a cloud.
    double mbit_per_s() const;
    Viewpoint default_view() const;
    /// The still surroundings, drawn with every frame; empty where there are none.
    const SplatCloud& stage() const { return stage_; }

    /// `range` lies inside the take (a cloud stands for as many frames as one likes).
    std::unique_ptr<FrameSource> frames(FrameRange range, HwAccel acceleration) const;

  private:
    TakeInfo info_;
    int frame_count_ = 1;
    std::vector<SegmentInfo> segments_;
    std::optional<Stream> stream_;
    std::shared_ptr<const SplatCloud> cloud_;
    SplatCloud stage_;
};

}  // namespace volumen
