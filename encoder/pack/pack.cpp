#include "encoder/pack/pack.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "encoder/new_directory.h"
#include "encoder/pack/segment_coder.h"
#include "encoder/pack/take_segments.h"
#include "formats/core/file.h"
#include "formats/stream/limits.h"
#include "formats/stream/manifest.h"
#include "formats/stream/reader.h"
#include "formats/stream/video.h"

namespace volumen {

namespace {

constexpr const char* kManifestName = "manifest.mpd";
/// Packing takes minutes where training takes hours: what was interrupted is packed again.
constexpr DirectoryKind kStreamDirectory{kManifestName, nullptr};
/// A decoded plane may err by this much before the quantiser is lowered: in luma levels, at least, and in
/// quantiser steps. A uniform quantiser errs by 0.29 steps; dead zones and skipped blocks by two or three
/// times that. More means that the encoder did not do what it was told.
constexpr double kErrorFloor = 1.0, kErrorSteps = 1.0;
constexpr int kQuantiserDrop = 3;
/// Closer to the wanted bit rate is not worth another encode.
constexpr double kRateTolerance = 0.03;
constexpr int kRateTries = 8;

void check(const PackOptions& options) {
    if (options.segment_frames &&
        (*options.segment_frames < 1 || *options.segment_frames > int(kMaxSegmentFrames)))
        throw UsageError("segments of {} frames: 1 to {} are possible", *options.segment_frames,
                         kMaxSegmentFrames);
    if (!(options.quality >= 0 && options.quality <= 100))
        throw UsageError("quality {}: 0 to 100 is possible", options.quality);
    if (!(options.colour_changes >= 0 && options.colour_changes <= 1))
        throw UsageError("a share of {} colours changes: 0 to 1 is possible", options.colour_changes);
    if (options.bit_rate && !(*options.bit_rate > 0)) throw UsageError("the bit rate must be above zero");
    require_encoder(options.codec);
}

/// What a coded sequence of frames is called in the stream.
struct Names {
    const char *id, *video, *side;

    /// "atlas.mp4", "atlas-1.mp4", …
    std::string track(std::size_t number) const {
        return number ? fmt::format("{}-{}.mp4", video, number) : fmt::format("{}.mp4", video);
    }
};
constexpr Names kRungNames{"0", "atlas", "side.vol"}, kStageNames{"stage", "stage", "stage.vol"};

class Packer {
  public:
    Packer(std::unique_ptr<TakeSegments> take, const Names& names, const PackOptions& options)
        : options_(options), names_(names), take_(std::move(take)) {
        coder_ = take_->has_joints()
                     ? make_skin_coder(*take_, options.codec, options.colour_changes)
                     : make_atlas_coder(*take_, options.codec, options.track_limits.value_or(kEveryDecoder));
        SideHeader header;
        coder_->describe(header);
        tracks_ = std::size_t(header.tracks);
        if (tracks_ > 1 && options.tell)
            options.tell(fmt::format(
                "{} splats of SH degree {} are more than one video carries: their planes are spread over {} "
                "videos of {}×{}",
                header.max_splats, header.sh_degree, tracks_, header.atlas_width, header.picture_height()));
    }

    /// Writes video and side file into `directory`; returns their bytes.
    std::uint64_t write(const std::filesystem::path& directory, double quality);
    /// Of what was written last.
    ManifestRung describe(const std::filesystem::path& directory) const;
    const TakeSegments& take() const { return *take_; }
    double bits_per_second(std::uint64_t bytes) const {
        return double(bytes) * 8 * take_->take.fps.value() / take_->frame_count();
    }

  private:
    void code_all(const std::filesystem::path& directory, double quality);
    bool within_bounds(const CodedSegment& segment) const;
    void find_fragments(const std::filesystem::path& directory);
    void write_side(const std::filesystem::path& directory, double quality);
    std::uint64_t rate(std::uint64_t bytes) const { return std::uint64_t(std::ceil(bits_per_second(bytes))); }

    const PackOptions& options_;
    const Names& names_;
    std::unique_ptr<TakeSegments> take_;
    std::unique_ptr<SegmentCoder> coder_;
    std::size_t tracks_ = 1;
    std::vector<Bytes> side_segments_;
    std::vector<SegmentEntry> entries_;
};

bool Packer::within_bounds(const CodedSegment& segment) const {
    const double step = quantiser_step(coder_->quantiser());
    return segment.worst_rms <= kErrorFloor + kErrorSteps * step;
}

/// Codes every segment at one quantiser; where a plane errs too much, all over again at a finer one.
void Packer::code_all(const std::filesystem::path& directory, double quality) {
    coder_->set_quality(quality);
    for (;;) {
        side_segments_.clear(), entries_.clear();
        std::vector<std::unique_ptr<Mp4Writer>> writers;
        for (std::size_t track = 0; track < tracks_; ++track)
            writers.push_back(std::make_unique<Mp4Writer>(directory / names_.track(track), coder_->video()));
        bool good = true;
        for (std::size_t i = 0; i < take_->segments.size() && good; ++i) {
            const ModelSegment& s = take_->segments[i];
            CodedSegment coded = coder_->code(i);
            good = within_bounds(coded);
            if (!good) break;
            for (std::size_t track = 0; track < tracks_; ++track) writers[track]->add(coded.videos[track]);
            SegmentEntry& entry = entries_.emplace_back();
            entry.first_frame = std::uint32_t(s.first_frame);
            entry.frame_count = std::uint32_t(s.frame_count);
            entry.splat_count = coded.splat_count;
            side_segments_.push_back(std::move(coded.side));
            if (options_.progress) options_.progress(s.first_frame + s.frame_count, take_->frame_count());
        }
        if (good) {
            for (const auto& writer : writers) writer->finish();
            return;
        }
        if (coder_->quantiser() <= 1)
            throw InputError(
                "{}: the encoder errs more than its finest quantiser explains; choose another codec",
                options_.codec);
        coder_->set_quantiser(std::max(1, coder_->quantiser() - kQuantiserDrop));
    }
}

/// Where the segments lie in the videos.
void Packer::find_fragments(const std::filesystem::path& directory) {
    for (SegmentEntry& e : entries_) e.further_tracks.resize(tracks_ - 1);
    for (std::size_t track = 0; track < tracks_; ++track) {
        const ByteSource video = file_source(directory / names_.track(track));
        const Mp4Index index = read_mp4_index(video);
        if (index.fragments.size() != entries_.size())
            throw InputError("{}: has {} fragments for {} segments", video.name, index.fragments.size(),
                             entries_.size());
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            const auto [offset, size, duration] = index.fragments[i];
            const std::uint32_t crc = crc32(video.read(offset, size));
            SegmentEntry& e = entries_[i];
            if (track)
                e.further_tracks[track - 1] = {offset, size, crc};
            else
                e.video_offset = offset, e.video_size = size, e.video_crc = crc;
        }
    }
}

void Packer::write_side(const std::filesystem::path& directory, double quality) {
    find_fragments(directory);
    SideFile side;
    side.header.take = take_->take;
    side.header.frame_count = std::uint32_t(take_->frame_count());
    side.header.rung_id = names_.id;
    coder_->describe(side.header);
    side.header.quality = quality;
    side.segments = entries_;
    std::uint64_t at = write_side_header(side).size();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        SegmentEntry& e = side.segments[i];
        e.side_offset = at, e.side_size = side_segments_[i].size();
        at += e.side_size;
    }
    Bytes all = write_side_header(side);
    for (const Bytes& segment : side_segments_) all.insert(all.end(), segment.begin(), segment.end());
    write_file(directory / names_.side, all);
}

ManifestRung Packer::describe(const std::filesystem::path& directory) const {
    ManifestRung rung;
    rung.id = names_.id;
    rung.width = coder_->video().width, rung.height = coder_->video().height;
    rung.side_file = names_.side;
    rung.side_size = std::filesystem::file_size(directory / names_.side);
    std::uint64_t bytes = rung.side_size;
    for (std::size_t track = 0; track < tracks_; ++track) {
        const ByteSource video = file_source(directory / names_.track(track));
        const Mp4Index index = read_mp4_index(video);
        const std::string codec = read_video_info(video.read(0, index.init_size), video.name).codec;
        rung.tracks.push_back({codec, names_.track(track), rate(video.size), index.init_size,
                               index.sidx_begin, index.sidx_end});
        bytes += video.size;
    }
    rung.bandwidth = rate(bytes);
    return rung;
}

std::uint64_t Packer::write(const std::filesystem::path& directory, double quality) {
    code_all(directory, quality);
    write_side(directory, quality);
    std::uint64_t bytes = std::filesystem::file_size(directory / names_.side);
    for (std::size_t track = 0; track < tracks_; ++track)
        bytes += std::filesystem::file_size(directory / names_.track(track));
    return bytes;
}

/// A stage is a take of one frame.
class StageSegments final : public TakeSegments {
  public:
    StageSegments(SplatCloud stage, const TakeSegments& of) : stage_(std::move(stage)) {
        take = of.take;
        Bounds bounds;
        bounds.add(stage_);
        take.bounds_min = bounds.low, take.bounds_max = bounds.high;
        sh_degree = stage_.sh_degree;
        segments = {{0, 1}};
    }
    std::uint32_t splat_count(std::size_t) const override { return std::uint32_t(stage_.count); }
    std::vector<SplatCloud> read(std::size_t) const override { return {stage_}; }

  private:
    SplatCloud stage_;
};

Manifest manifest_of(const Packer& packer, const std::filesystem::path& directory) {
    Manifest manifest;
    manifest.fps = packer.take().take.fps;
    manifest.seconds = packer.take().frame_count() / manifest.fps.value();
    manifest.rungs.push_back(packer.describe(directory));
    return manifest;
}

/// Bisection: the highest quality whose stream stays within the rate, left behind in `directory`.
PackResult write_at_rate(Packer& packer, const std::filesystem::path& directory, double bit_rate) {
    double low = 0, high = 100;
    PackResult best, written;
    const auto write = [&](double quality) {
        written.quality = quality;
        written.bytes = packer.write(directory, quality);
        const std::size_t manifest = write_manifest(manifest_of(packer, directory)).size();
        const double rate = packer.bits_per_second(written.bytes + manifest);
        if (rate <= bit_rate) best = written;
        return rate;
    };
    for (int i = 0; i < kRateTries; ++i) {
        const double middle = (low + high) / 2, rate = write(middle);
        (rate <= bit_rate ? low : high) = middle;
        if (rate <= bit_rate && rate >= bit_rate * (1 - kRateTolerance)) break;
    }
    const double lowest = best.bytes ? 0 : write(0);
    if (!best.bytes)
        throw InputError(
            "the take needs {:.2f} Mbit/s even at the lowest quality; use fewer splats or a lower SH degree",
            lowest / 1e6);
    if (written.quality != best.quality) write(best.quality);
    return best;
}

}  // namespace

void check_packing(const std::filesystem::path& stream, const PackOptions& options) {
    check(options);
    const NewDirectory directory(stream, kStreamDirectory);
}

PackResult pack(const std::filesystem::path& model, const std::filesystem::path& stream,
                const PackOptions& options) {
    const auto begin = std::chrono::steady_clock::now();
    check(options);
    NewDirectory directory(stream, kStreamDirectory);
    std::optional<SplatCloud> stage = read_stage(model);
    Packer packer(open_take_segments(model, options), kRungNames, options);
    PackResult result;
    if (options.bit_rate)
        result = write_at_rate(packer, directory.path(), *options.bit_rate);
    else
        result = {packer.write(directory.path(), options.quality), options.quality, 0};
    Manifest manifest = manifest_of(packer, directory.path());
    if (stage) {
        PackOptions quiet = options;
        quiet.progress = nullptr;
        Packer surroundings(std::make_unique<StageSegments>(std::move(*stage), packer.take()), kStageNames,
                            quiet);
        result.bytes += surroundings.write(directory.path(), result.quality);
        manifest.stage = surroundings.describe(directory.path());
    }
    const std::string text = write_manifest(manifest);
    write_file(directory.path() / kManifestName, text);
    result.bytes += text.size();
    const VerifyReport report = verify(directory.path());
    if (!report.problems.empty())
        throw InputError("the packed stream does not verify: {}", report.problems.front());
    directory.commit();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
}

}  // namespace volumen
