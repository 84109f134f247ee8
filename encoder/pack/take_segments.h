// What is packed: a take's clouds, segment by segment.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "encoder/model.h"
#include "encoder/pack/pack.h"

namespace volumen {

class TakeSegments {
  public:
    virtual ~TakeSegments() = default;

    TakeInfo take;
    std::string profile = "auto";  ///< that it was trained in
    int sh_degree = 0;
    bool decoded = false;                   ///< its values have been through a stream before
    std::optional<PlaneSteps> levels = {};  ///< of that stream: see SequenceInfo
    std::vector<ModelSegment> segments;     ///< from frame 0 on, without a gap
    int frame_count() const { return segments.back().first_frame + segments.back().frame_count; }

    virtual std::uint32_t splat_count(std::size_t segment) const = 0;
    /// All frames of a segment, alike in count and SH degree: splat i is the same splat in each.
    virtual std::vector<SplatCloud> read(std::size_t segment) const = 0;
    /// Whether joints carry the splats (DualGS); then …
    virtual bool has_joints() const { return false; }
    /// … those of all frames of a segment, alike in count.
    virtual std::vector<SplatCloud> read_joints(std::size_t) const { return {}; }
};

/// Opens a model, or a directory of splat files that is none. Throws InputError.
std::unique_ptr<TakeSegments> open_take_segments(const std::filesystem::path& directory,
                                                 const PackOptions& options);

}  // namespace volumen
