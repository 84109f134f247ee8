// Codes segments as attribute planes in a video's luma: FORMAT.md, section 6.4.
#include <algorithm>
#include <cmath>
#include <optional>

#include "encoder/pack/quality.h"
#include "encoder/pack/rate/atlas_steps.h"
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
        coarseness_ = 0;
        if (take_.decoded) set_quantiser(std::max(kFinestAgain, quantiser() - kFinerAgain - keep_levels()));
    }
    int quantiser() const override { return settings_.quality.quantiser; }
    void set_quantiser(int quantiser) override { settings_.quality.quantiser = quantiser; }
    // Levels of a stream that is packed again are kept: neither the search nor a rate moves them.
    bool steers() const override { return !take_.decoded; }
    std::vector<double> estimate(double quality) override {
        return steps().estimate(quality_settings(quality));
    }
    FoundSteps find_steps() override {
        const StepSearch found = steps().search(settings_.quality);
        settings_.quality = tuned(settings_.quality, found.tuning);
        trial_frames_ = steps_->frames_coded();
        steps_.reset();
        return {found.saved, volumen::describe(found)};
    }
    void set_coarseness(double log2_factor) override { coarseness_ = log2_factor; }
    CoarsenessRange coarseness_range() const override {
        return {finest(settings_.quality), coarsest(settings_.quality)};
    }
    int trial_frames() const override { return trial_frames_; }
    VideoSettings video() const override { return settings_.video(); }
    void describe(SideHeader& header) const override {
        header.features.assign(std::begin(kAtlasFeatures), std::end(kAtlasFeatures));
        header.tracks = settings_.atlas.tracks;
        if (header.tracks > 1) header.features.push_back(kTracksFeature);
        header.profile = take_.profile;
        header.max_splats = max_splats_;
        header.sh_degree = take_.sh_degree;
        header.atlas_width = settings_.atlas.width, header.atlas_height = settings_.atlas.height;
    }
    CodedSegment code(std::size_t segment) override {
        const ModelSegment& s = take_.segments[segment];
        AtlasSegment coded = code_atlas_segment(take_.read(segment), s.first_frame, coarse_settings());
        CodedSegment out;
        out.videos = std::move(coded.videos);
        out.splat_count = coded.side.layout->splat_count;
        out.worst_rms = coded.worst_rms;
        out.side = write_side_segment(coded.side);
        check_exact(coded.side, out.side, s);
        return out;
    }

  private:
    /// Takes the steps of the stream that the take has been through; returns by how much the quantiser has to
    /// be finer for the same error, in steps of six a factor of two.
    int keep_levels() {
        if (!take_.levels) return 0;
        PlaneSteps levels = *take_.levels;
        levels.position /= settings_.extent;
        double coarser = 0;
        for (std::size_t k = 0; k < kStepClasses; ++k)
            coarser +=
                std::log2(double(values(levels)[k] / values(settings_.quality.steps)[k])) / kStepClasses;
        settings_.quality.steps = levels;
        return int(std::lround(kQpPerOctave * coarser));
    }
    SegmentSettings coarse_settings() const {
        SegmentSettings out = settings_;
        out.quality = tuned(out.quality, {coarser({}, coarseness_)});
        return out;
    }
    AtlasSteps& steps() {
        if (!steps_) steps_.emplace(take_, settings_);
        return *steps_;
    }
    void check_exact(const SideSegment& written, const Bytes& bytes, const ModelSegment& segment) const;

    const TakeSegments& take_;
    std::uint32_t max_splats_ = 0;
    SegmentSettings settings_;
    double coarseness_ = 0;  ///< log2
    std::optional<AtlasSteps> steps_;
    int trial_frames_ = 0;
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
