#include "encoder/pack/take_segments.h"

#include "encoder/sequence/frame_files.h"
#include "encoder/sequence/sequence.h"
#include "formats/core/error.h"
#include "formats/splats/ply.h"

namespace volumen {
namespace {

/// Frames: what joints carry pays for its first frame over more of them.
constexpr int kSegmentFrames = 30, kJointSegmentFrames = 50;

int longest_segment(const PackOptions& options, bool joints) {
    return options.segment_frames.value_or(joints ? kJointSegmentFrames : kSegmentFrames);
}

class ModelSegments final : public TakeSegments {
  public:
    ModelSegments(const std::filesystem::path& model, const PackOptions& options)
        : model_(model), files_(model_frames(model)) {
        const ModelInfo info = read_model_info(model);
        joints_ = info.profile == "dualgs";
        const int segment_frames = longest_segment(options, joints_);
        take = info.take, profile = info.profile;
        sh_degree = info.sh_degree;
        // Long segments are cut evenly.
        for (const ModelSegment& s : info.segments) {
            const SplatCloud first = read_ply(files_.at(std::size_t(s.first_frame)));
            if (!first.count)
                throw InputError("{}: has no splats", files_[std::size_t(s.first_frame)].string());
            const int parts = (s.frame_count + segment_frames - 1) / segment_frames;
            for (int i = 0; i < parts; ++i) {
                const int begin = s.frame_count * i / parts, end = s.frame_count * (i + 1) / parts;
                segments.push_back({s.first_frame + begin, end - begin});
                counts_.push_back(std::uint32_t(first.count));
            }
        }
    }

    std::uint32_t splat_count(std::size_t segment) const override { return counts_[segment]; }

    std::vector<SplatCloud> read(std::size_t segment) const override {
        const ModelSegment& s = segments[segment];
        std::vector<SplatCloud> frames;
        for (int f = s.first_frame; f < s.first_frame + s.frame_count; ++f) {
            const std::filesystem::path& file = files_[std::size_t(f)];
            frames.push_back(with_sh_degree(read_ply(file), sh_degree));
            if (frames.back().count != counts_[segment])
                throw InputError("{}: has {} splats, the segment's first frame {}; train the segment again",
                                 file.string(), frames.back().count, counts_[segment]);
        }
        return frames;
    }

    bool has_joints() const override { return joints_; }
    std::vector<SplatCloud> read_joints(std::size_t segment) const override {
        const ModelSegment& s = segments[segment];
        std::vector<SplatCloud> frames;
        for (int f = s.first_frame; f < s.first_frame + s.frame_count; ++f) {
            const std::filesystem::path file = model_joints_path(model_, f);
            frames.push_back(read_ply(file));
            if (frames.back().count == 0 || frames.back().count != frames.front().count)
                throw InputError("{}: has {} joints, the segment's first frame {}; train the segment again",
                                 file.string(), frames.back().count, frames.front().count);
        }
        return frames;
    }

  private:
    std::filesystem::path model_;
    bool joints_ = false;
    std::vector<std::filesystem::path> files_;
    std::vector<std::uint32_t> counts_;
};

class SequenceSegments final : public TakeSegments {
  public:
    SequenceSegments(const std::filesystem::path& directory, const PackOptions& options)
        : SequenceSegments(directory, options, read_sequence_info(directory)) {}
    std::uint32_t splat_count(std::size_t segment) const override { return sequence_.splat_count(segment); }
    std::vector<SplatCloud> read(std::size_t segment) const override { return sequence_.read(segment); }

  private:
    SequenceSegments(const std::filesystem::path& directory, const PackOptions& options,
                     const std::optional<SequenceInfo>& known)
        : sequence_(list_frame_files(directory),
                    {longest_segment(options, false), options.tell, options.read_progress,
                     known ? known->segment_begins : std::vector<int>()}) {
        if (known) {
            take = options.up ? turned(known->take, *options.up) : known->take;
            decoded = known->decoded, levels = known->levels;
        } else {
            take = describe_take(sequence_.bounds(), options.up.value_or(kSplatFileUp));
        }
        sh_degree = sequence_.sh_degree();
        segments = sequence_.segments();
    }

    SplatSequence sequence_;
};

}  // namespace

std::unique_ptr<TakeSegments> open_take_segments(const std::filesystem::path& directory,
                                                 const PackOptions& options) {
    std::unique_ptr<TakeSegments> out;
    if (is_model(directory)) {
        out = std::make_unique<ModelSegments>(directory, options);
        if (options.up) out->take = turned(out->take, *options.up);
    } else {
        out = std::make_unique<SequenceSegments>(directory, options);
    }
    if (options.fps) out->take.fps = *options.fps;
    if (options.metres_per_unit) out->take.metres_per_unit = *options.metres_per_unit;
    return out;
}

}  // namespace volumen
