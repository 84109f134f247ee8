// A segment whose skin splats follow joints, decoded as far as it is integer: what the skinning shader reads.
// FORMAT.md, sections 6.7 and 7.2, is the specification; reconstruct_skin() is the CPU's implementation.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "formats/coding/rans.h"
#include "formats/coding/skin.h"
#include "formats/splats/cloud.h"

namespace volumen {

struct SegmentEntry;
struct SideHeader;

/// What look-up images hold, in this order: opacity, log-scale x y z.
inline constexpr std::size_t kLookups = 4;
/// A joint's motion: place x y z, turn x y z.
inline constexpr std::size_t kJointComponents = 6;

/// Where a look-up image's rows lie in the segment's pictures. The rows of all look-ups, `splats` each, stand
/// one below the other; every `strip_rows` of them are a strip, strips stand side by side in a picture, and
/// pictures follow each other. A row has a sample a frame.
struct LookupShape {
    int width = 0, height = 0;  ///< of a picture
    std::uint32_t columns = 0;  ///< of a strip: as many as frames, or a few more
    std::uint32_t strip_rows = 0;
    std::uint32_t pictures = 0;

    std::uint32_t strips_per_picture() const { return std::uint32_t(width) / columns; }
    /// Where the samples of a row begin in all pictures' luma, one picture after the other.
    std::size_t row_begin(std::uint64_t row) const;
    /// Whether so many rows of so many frames have room.
    bool holds(std::uint64_t rows, std::uint32_t frames) const;
};

/// value = low + step · mean + change_step · (sample - 128).
struct LookupScale {
    float low = 0, step = 0, change_step = 0;
};

/// A persistent codebook of the SH coefficients of one degree.
struct SegmentCodebook {
    int dimensions = 0;                       ///< 3 (2 · degree + 1): coefficient by coefficient R G B
    std::vector<float> low, step;             ///< a dimension: entry = low + step · level
    std::vector<std::uint8_t> levels;         ///< entries × dimensions
    std::vector<std::uint16_t> first;         ///< a splat: its entry in the first frame
    std::vector<std::uint32_t> change_begin;  ///< splats + 1: which changes are the splat's
    std::vector<std::uint16_t> change_frame;  ///< of the segment, growing for each splat
    std::vector<std::uint16_t> change_entry;  ///< from that frame on

    std::uint32_t entries() const { return std::uint32_t(levels.size() / std::size_t(dimensions)); }
    /// A splat's entry in a frame of the segment.
    std::uint16_t entry(std::size_t splat, int frame) const;
};

/// How one component of the joints' motion is coded: for shaders that decode it themselves.
struct CodedMotion {
    std::uint8_t mode = 0;  ///< kMotionShift and kMotionParent
    RansArray symbols;      ///< (frames - 1) × joints
};

struct SkinSegment {
    int first_frame = 0, frame_count = 0;
    std::uint32_t splat_count = 0, joint_count = 0;
    int sh_degree = 0;

    /// place = origin + grid · integer; a joint's integer is its place << joint_shift.
    std::array<float, 3> origin{};
    float grid = 0;
    int joint_shift = 0;
    std::vector<std::int32_t> place;     ///< splats × 3, at the first frame
    float rotation_step = 0;             ///< rotation x y z = rotation_step · (level - 128)
    std::vector<std::uint8_t> rotation;  ///< splats × 3, at the first frame
    float turn_step = 0;                 ///< radians: a turn's rotation vector = turn_step · integer
    std::vector<std::int32_t> joints;    ///< frames × joints × kJointComponents
    std::array<CodedMotion, kJointComponents> coded_motion;  ///< what became `joints`
    std::vector<std::uint32_t> parents;                      ///< a joint's, for its prediction
    std::vector<std::uint32_t> owned;  ///< a joint: how many splats it owns, which follow each other

    LookupShape lookup;
    std::array<LookupScale, kLookups> lookup_scale;
    std::vector<std::uint8_t> mean;       ///< kLookups × splats
    std::vector<std::uint32_t> row;       ///< kLookups × splats: the splat's row among those of its look-up
    std::vector<std::uint32_t> luma_crc;  ///< a picture
    std::vector<std::uint8_t> luma;       ///< pictures × height × width, once they are decoded
    std::vector<SegmentCodebook> codebooks;  ///< sh_degree + 1

    Anchors anchors;  ///< of all splats on the joints, at the first frame

    glm::ivec3 joint_place(int frame, std::uint32_t joint) const;  ///< grid units
    /// All joints' motion from the first frame to a frame of the segment.
    std::vector<JointMotion> motion(int frame) const;
};

/// Reads a segment's chunks; `luma` stays empty. `bytes`: the segment's; `entry` and `header` say what they
/// must agree with. Throws InputError, starting with `what`.
std::shared_ptr<SkinSegment> read_skin_segment(std::span<const std::uint8_t> bytes, const SegmentEntry& entry,
                                               const SideHeader& header, const std::string& what);

/// The splats of a frame of the segment, counted from its first, from nothing but the segment: any order of
/// frames gives the same bits.
SplatCloud reconstruct_skin(const SkinSegment& segment, int frame);

}  // namespace volumen
