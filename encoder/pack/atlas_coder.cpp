// Codes segments as attribute planes in a video's luma: FORMAT.md, section 6.4.
#include <algorithm>

#include "encoder/pack/quality.h"
#include "encoder/pack/segment.h"
#include "encoder/pack/segment_coder.h"
#include "formats/core/error.h"

namespace volumen {

namespace {

/// What has been through a stream before is coded so much finer, but not finer than that: a second loss as
/// large as the first would add up to 0.15 dB, this leaves 0.1.
constexpr int kFinerAgain = 2, kFinestAgain = 2;

class AtlasCoder final : public SegmentCoder {
  public:
    AtlasCoder(const TakeSegments& take, const std::string& codec, const TrackLimits& limits) : take_(take) {
        for (std::size_t i = 0; i < take.segments.size(); ++i)
            max_splats_ = std::max(max_splats_, take.splat_count(i));
        settings_.codec = codec;
        settings_.sh_degree = take.sh_degree;
        settings_.fps = take.take.fps;
        settings_.atlas = fit_atlas(max_splats_, take.sh_degree, take.take.fps, limits);
        const glm::vec3 size = take.take.bounds_max - take.take.bounds_min;
        settings_.extent = std::max({size.x, size.y, size.z, 1e-6f});
    }

    void set_quality(double quality) override {
        settings_.quality = quality_settings(quality);
        if (take_.decoded) set_quantiser(std::max(kFinestAgain, quantiser() - kFinerAgain));
    }
    int quantiser() const override { return settings_.quality.quantiser; }
    void set_quantiser(int quantiser) override { settings_.quality.quantiser = quantiser; }
    VideoSettings video() const override { return settings_.video(); }
    void describe(SideHeader& header) const override {
        header.features.assign(std::begin(kAtlasFeatures), std::end(kAtlasFeatures));
        header.tracks = settings_.atlas.tracks;
        if (header.tracks > 1) header.features.push_back(kTracksFeature);
        header.profile = "auto";
        header.max_splats = max_splats_;
        header.sh_degree = take_.sh_degree;
        header.atlas_width = settings_.atlas.width, header.atlas_height = settings_.atlas.height;
    }
    CodedSegment code(std::size_t segment) override {
        const ModelSegment& s = take_.segments[segment];
        AtlasSegment coded = code_atlas_segment(take_.read(segment), s.first_frame, settings_);
        CodedSegment out;
        out.videos = std::move(coded.videos);
        out.splat_count = coded.side.layout->splat_count;
        out.worst_rms = coded.worst_rms;
        out.side = write_side_segment(coded.side);
        check_exact(coded.side, out.side, s);
        return out;
    }

  private:
    void check_exact(const SideSegment& written, const Bytes& bytes, const ModelSegment& segment) const;

    const TakeSegments& take_;
    std::uint32_t max_splats_ = 0;
    SegmentSettings settings_;
};

/// What must be exact is read back and compared.
void AtlasCoder::check_exact(const SideSegment& written, const Bytes& bytes,
                             const ModelSegment& segment) const {
    SegmentEntry entry;
    entry.first_frame = std::uint32_t(segment.first_frame);
    entry.frame_count = std::uint32_t(segment.frame_count);
    entry.splat_count = written.layout->splat_count;
    SideHeader header;
    describe(header);
    const SideSegment read = read_side_segment(bytes, entry, header, "the segment just packed");
    if (read.position_offset != written.position_offset || read.luma_crc != written.luma_crc ||
        read.layout->position_shift != written.layout->position_shift ||
        read.layout->plane_step != written.layout->plane_step ||
        read.layout->plane_min != written.layout->plane_min)
        throw InputError(
            "frame {}: the segment's exact parts do not read back as written; choose a lower quality",
            entry.first_frame);
}

}  // namespace

std::unique_ptr<SegmentCoder> make_atlas_coder(const TakeSegments& take, const std::string& codec,
                                               const TrackLimits& limits) {
    return std::make_unique<AtlasCoder>(take, codec, limits);
}

}  // namespace volumen
