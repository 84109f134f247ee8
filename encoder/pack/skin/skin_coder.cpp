// Codes segments of joints and skin: FORMAT.md, section 6.7.
#include <algorithm>
#include <cmath>

#include "encoder/pack/codebook/codebook.h"
#include "encoder/pack/codebook/index_changes.h"
#include "encoder/pack/integer_encoder.h"
#include "encoder/pack/rotation.h"
#include "encoder/pack/segment_coder.h"
#include "encoder/pack/skin/joint_coder.h"
#include "encoder/pack/skin/lookup_coder.h"
#include "encoder/pack/skin/skin_order.h"
#include "encoder/pack/skin/skin_quality.h"
#include "formats/core/error.h"
#include "formats/stream/chunks.h"
#include "formats/stream/limits.h"
#include "formats/stream/skin_chunks.h"
#include "formats/stream/skin_segment.h"

namespace volumen {

namespace {

constexpr float kMiddle = 128;

std::vector<glm::vec3> places(const SplatCloud& cloud) {
    std::vector<glm::vec3> out(cloud.count);
    for (std::size_t i = 0; i < cloud.count; ++i) out[i] = position(cloud, i);
    return out;
}

/// What no reader would take, refused by what is at fault.
void check_limits(std::uint64_t splats, std::uint64_t joints, std::uint64_t frames) {
    if (joints > kMaxJoints || joints * splats > kMaxSplatsTimesJoints)
        throw InputError("{} splats on {} joints are more than a stream carries; train with fewer joints",
                         splats, joints);
    if (joints * frames > kMaxJointPoses)
        throw InputError(
            "{} joints in a segment of {} frames are more than a stream carries; use shorter "
            "segments",
            joints, frames);
}

void reorder(std::vector<SplatCloud>& frames, std::span<const std::size_t> order) {
    for (SplatCloud& cloud : frames) cloud = gather(cloud, order);
}

Bytes code_layout(const SkinSegment& s) {
    ByteWriter out;
    out.u32(s.splat_count), out.u32(s.joint_count), out.u32(std::uint32_t(s.sh_degree));
    for (const float v : s.origin) out.f32(v);
    out.f32(s.grid), out.f32(s.rotation_step), out.f32(s.turn_step);
    out.u8(std::uint8_t(s.joint_shift)), out.u8(std::uint8_t(s.lookup.pictures));
    out.u16(std::uint16_t(s.lookup.columns)), out.u16(std::uint16_t(s.lookup.strip_rows));
    for (const LookupScale& scale : s.lookup_scale)
        out.f32(scale.low), out.f32(scale.step), out.f32(scale.change_step);
    return out.release();
}

/// Fills place and rotation; returns the chunk CANO.
Bytes code_first_frame(const SplatCloud& first, SkinSegment& s) {
    const std::size_t n = s.splat_count;
    ByteWriter out;
    write_integers(out, std::vector<std::int32_t>(s.owned.begin(), s.owned.end()));
    s.place.resize(3 * n), s.rotation.resize(3 * n);
    for (std::size_t a = 0; a < 3; ++a) {
        std::vector<std::int32_t> off;
        std::size_t i = 0;
        for (std::uint32_t j = 0; j < s.joint_count; ++j)
            for (std::uint32_t k = 0; k < s.owned[j]; ++k, ++i) {
                const float steps = (first.channel(SplatCloud::kPosition + int(a))[i] - s.origin[a]) / s.grid;
                s.place[3 * i + a] =
                    std::int32_t(std::lround(std::clamp(steps, -float(kMaxPlace), float(kMaxPlace))));
                off.push_back(s.place[3 * i + a] - s.joint_place(0, j)[int(a)]);
            }
        write_integers(out, off);
    }
    for (std::size_t a = 0; a < 3; ++a) {
        std::vector<std::uint16_t> levels(n);
        for (std::size_t i = 0; i < n; ++i) {
            const float level =
                std::round(first.channel(SplatCloud::kRotation + 1 + int(a))[i] / s.rotation_step) + kMiddle;
            levels[i] = std::uint16_t(std::clamp(level, 0.0f, 255.0f));
            s.rotation[3 * i + a] = std::uint8_t(levels[i]);
        }
        write_symbols(out, levels, 256);
    }
    return out.release();
}

Bytes code_codebook(const Codebook& book, std::size_t splats) {
    ByteWriter out;
    const std::size_t d = std::size_t(book.dimensions), entries = book.entries();
    out.u16(std::uint16_t(entries));
    for (std::size_t c = 0; c < d; ++c) out.f32(book.low[c]), out.f32(book.step[c]);
    std::vector<std::uint16_t> levels;
    for (std::size_t c = 0; c < d; ++c)
        for (std::size_t e = 0; e < entries; ++e) levels.push_back(book.levels[e * d + c]);
    write_symbols(out, levels, 256);
    const IndexChanges changes = index_changes(book.indices, splats);
    write_indices(out, changes.first, std::uint32_t(entries));
    write_integers(
        out, std::vector<std::int32_t>(changes.changes_in_frame.begin() + 1, changes.changes_in_frame.end()));
    write_integers(out, std::vector<std::int32_t>(changes.gap.begin(), changes.gap.end()));
    write_indices(out, changes.index, std::uint32_t(entries));
    return out.release();
}

class SkinCoder final : public SegmentCoder {
  public:
    SkinCoder(const TakeSegments& take, const std::string& codec, double colour_changes)
        : take_(take), codec_(codec), colour_changes_(colour_changes) {
        std::uint32_t most_frames = 0;
        for (std::size_t i = 0; i < take.segments.size(); ++i) {
            max_splats_ = std::max(max_splats_, take.splat_count(i));
            most_frames = std::max(most_frames, std::uint32_t(take.segments[i].frame_count));
        }
        if (max_splats_ > kMaxSkinSplats)
            throw InputError("{} splats: joints carry at most {}; train with fewer", max_splats_,
                             kMaxSkinSplats);
        shape_ = fit_lookups(max_splats_, int(most_frames));
        const glm::vec3 size = take.take.bounds_max - take.take.bounds_min;
        extent_ = std::max({size.x, size.y, size.z, 1e-6f});
    }

    void set_quality(double quality) override { quality_ = skin_quality(quality); }
    int quantiser() const override { return quality_.quantiser; }
    void set_quantiser(int quantiser) override { quality_.quantiser = quantiser; }
    VideoSettings video() const override {
        return {codec_, quality_.quantiser, shape_.width, shape_.height, take_.take.fps};
    }
    void describe(SideHeader& header) const override {
        header.features.assign(std::begin(kSkinFeatures), std::end(kSkinFeatures));
        header.profile = "dualgs";
        header.max_splats = max_splats_;
        header.sh_degree = take_.sh_degree;
        header.atlas_width = shape_.width, header.atlas_height = shape_.height;
    }
    CodedSegment code(std::size_t segment) override;

  private:
    void set_scales(const ModelSegment& which, std::span<const SplatCloud> joints, SkinSegment& s) const;
    CodedSegment finish(SkinSegment& s, const Pictures& pictures, ByteWriter& chunks) const;

    const TakeSegments& take_;
    std::string codec_;
    double colour_changes_;
    std::uint32_t max_splats_ = 0;
    LookupShape shape_;
    float extent_ = 1;
    SkinQuality quality_;
};

void SkinCoder::set_scales(const ModelSegment& which, std::span<const SplatCloud> joints,
                           SkinSegment& s) const {
    s.first_frame = which.first_frame, s.frame_count = which.frame_count;
    s.joint_count = std::uint32_t(joints.front().count);
    s.sh_degree = take_.sh_degree;
    const glm::vec3 middle = 0.5f * (take_.take.bounds_min + take_.take.bounds_max);
    s.origin = {middle.x, middle.y, middle.z};
    s.grid = quality_.grid * extent_;
    s.joint_shift = quality_.joint_shift;
    s.turn_step = quality_.turn;
    s.rotation_step = std::max(quality_.rotation, 1.0f / 127);
}

/// Video and checksums, and everything is read back and compared.
CodedSegment SkinCoder::finish(SkinSegment& s, const Pictures& pictures, ByteWriter& chunks) const {
    CodedSegment out;
    out.splat_count = s.splat_count;
    EncodedSegment& coded = out.videos.emplace_back(encode_segment(pictures, video()));
    coded.frames = s.frame_count;
    const Pictures decoded = decode_segment(coded, video());
    if (decoded.size() != pictures.size())
        throw InputError("{}: {} of {} pictures decode", codec_, decoded.size(), pictures.size());
    for (std::size_t p = 0; p < pictures.size(); ++p) {
        double squares = 0;
        for (std::size_t i = 0; i < pictures[p].size(); ++i) {
            const double error = double(decoded[p][i]) - double(pictures[p][i]);
            squares += error * error;
        }
        out.worst_rms = std::max(out.worst_rms, std::sqrt(squares / double(pictures[p].size())));
        s.luma_crc.push_back(crc32(decoded[p]));
    }
    write_checksums(chunks, kPictureChecksums, s.luma_crc);
    out.side = chunks.release();

    SegmentEntry entry;
    entry.first_frame = std::uint32_t(s.first_frame), entry.frame_count = std::uint32_t(s.frame_count);
    entry.splat_count = s.splat_count;
    SideHeader header;
    describe(header);
    const auto read = read_skin_segment(out.side, entry, header, "the segment just packed");
    if (read->joints != s.joints || read->place != s.place || read->rotation != s.rotation ||
        read->mean != s.mean || read->row != s.row || read->luma_crc != s.luma_crc)
        throw InputError("frame {}: the segment's exact parts do not read back as written", s.first_frame);
    return out;
}

CodedSegment SkinCoder::code(std::size_t segment) {
    std::vector<SplatCloud> frames = take_.read(segment), joints = take_.read_joints(segment);
    check_limits(frames.front().count, joints.front().count, frames.size());
    reorder(joints, morton_order(places(joints.front())));
    SkinSegment s;
    set_scales(take_.segments[segment], joints, s);
    const Bytes joint_chunk = code_joints(joints, quality_.dead_zone, s);

    const OwnedOrder owned = order_by_joint(places(frames.front()), places(joints.front()));
    s.splat_count = std::uint32_t(frames.front().count), s.owned = owned.owned;
    reorder(frames, owned.order);
    canonicalise_rotations(frames);
    const Bytes first_chunk = code_first_frame(frames.front(), s);

    s.lookup = fit_lookups(s.splat_count, s.frame_count, shape_.width, shape_.height);
    const Pictures pictures = draw_lookups(frames, quality_.lookup, s);

    ByteWriter chunks;
    write_chunk(chunks, kSkinLayout, code_layout(s));
    write_chunk(chunks, kJoints, joint_chunk);
    write_chunk(chunks, kFirstFrame, first_chunk);
    write_chunk(chunks, kMeans, code_means(s));
    for (int degree = 0; degree <= s.sh_degree; ++degree) {
        CodebookOptions options;
        options.entries = quality_.entries[std::size_t(degree)];
        options.max_change_share = colour_changes_;
        const Codebook book = make_codebook(sh_history(frames, degree, opacity_times_area), options);
        write_chunk(chunks, kCodebooks[degree], code_codebook(book, s.splat_count));
    }
    return finish(s, pictures, chunks);
}

}  // namespace

std::unique_ptr<SegmentCoder> make_skin_coder(const TakeSegments& take, const std::string& codec,
                                              double colour_changes) {
    return std::make_unique<SkinCoder>(take, codec, colour_changes);
}

}  // namespace volumen
