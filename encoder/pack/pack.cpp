#include "encoder/pack/pack.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "encoder/new_directory.h"
#include "encoder/pack/quality.h"
#include "encoder/pack/rate/rate_tracker.h"
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
constexpr double kRateTolerance = RateTracker::kTolerance;
constexpr int kRateTries = 8;
/// Where a rate is kept by steering, the quality to begin with is estimated: so often, until it is as close,
/// with ln bytes growing by so much a point, as trained takes do.
constexpr int kQualityTries = 3;
constexpr double kCloseQuality = 3, kBytesPerQuality = 0.026;
/// Of a stream, apart from the side file's header: manifest, MP4 header; and a segment's and a frame's share
/// in the MP4's tables. As measured of H.264; where it is more, the take is coded again.
constexpr double kOtherBytes = 1500, kSegmentBytes = 130, kFrameBytes = 8;

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
    /// The same within `bit_rate`, all at once: steers segments as they are coded. `steers()` holds.
    PackResult write_at_rate(const std::filesystem::path& directory, double bit_rate);
    bool steers() const { return coder_->steers(); }
    /// Whether the attributes' steps are weighed against each other first.
    void find_steps(bool wanted) { find_steps_ = wanted; }
    int frames_coded() const { return frames_coded_ + coder_->trial_frames(); }
    /// Of what was written last.
    ManifestRung describe(const std::filesystem::path& directory) const;
    const TakeSegments& take() const { return *take_; }
    double bits_per_second(std::uint64_t bytes) const {
        return double(bytes) * 8 * take_->take.fps.value() / take_->frame_count();
    }

  private:
    void set_quality(double quality);
    void code_all(const std::filesystem::path& directory);
    CodedSegment code_segment(std::size_t segment);
    bool within_bounds(const CodedSegment& segment) const;
    void find_fragments(const std::filesystem::path& directory);
    void write_side(const std::filesystem::path& directory, double quality);
    std::uint64_t rate(std::uint64_t bytes) const { return std::uint64_t(std::ceil(bits_per_second(bytes))); }
    std::uint64_t written(const std::filesystem::path& directory) const;
    double payload_at(double bit_rate) const;
    double choose_quality(double bytes, std::vector<double>& estimates);

    const PackOptions& options_;
    const Names& names_;
    std::unique_ptr<TakeSegments> take_;
    std::unique_ptr<SegmentCoder> coder_;
    std::size_t tracks_ = 1;
    std::vector<Bytes> side_segments_;
    std::vector<SegmentEntry> entries_;
    bool find_steps_ = false;
    double saved_ = 0;  ///< share of the bytes, by the steps found
    std::optional<RateTracker> tracker_;
    int frames_coded_ = 0;
};

void Packer::set_quality(double quality) {
    coder_->set_quality(quality);
    if (!find_steps_ || !coder_->steers()) return;
    const FoundSteps found = coder_->find_steps();
    if (options_.tell && found.saved > 0) options_.tell(found.line);
    saved_ = found.saved;
}

bool Packer::within_bounds(const CodedSegment& segment) const {
    const double step = quantiser_step(coder_->quantiser());
    return segment.worst_rms <= kErrorFloor + kErrorSteps * step;
}

std::uint64_t payload(const CodedSegment& segment) {
    std::uint64_t bytes = segment.side.size();
    for (const EncodedSegment& video : segment.videos)
        for (const Bytes& packet : video.packets) bytes += packet.size();
    return bytes;
}

/// Once, or as often as it takes to keep the rate.
CodedSegment Packer::code_segment(std::size_t segment) {
    for (;;) {
        if (tracker_) coder_->set_coarseness(tracker_->coarseness());
        CodedSegment coded = coder_->code(segment);
        frames_coded_ += take_->segments[segment].frame_count;
        if (!within_bounds(coded) || !tracker_ || tracker_->keep(double(payload(coded)))) return coded;
    }
}

/// Codes every segment at one quantiser; where a plane errs too much, all over again at a finer one.
void Packer::code_all(const std::filesystem::path& directory) {
    for (;;) {
        side_segments_.clear(), entries_.clear();
        std::vector<std::unique_ptr<Mp4Writer>> writers;
        for (std::size_t track = 0; track < tracks_; ++track)
            writers.push_back(std::make_unique<Mp4Writer>(directory / names_.track(track), coder_->video()));
        bool good = true;
        for (std::size_t i = 0; i < take_->segments.size() && good; ++i) {
            const ModelSegment& s = take_->segments[i];
            CodedSegment coded = code_segment(i);
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
        if (tracker_) tracker_->restart(tracker_->most(), false);
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
    set_quality(quality);
    code_all(directory);
    write_side(directory, quality);
    return written(directory);
}

std::uint64_t Packer::written(const std::filesystem::path& directory) const {
    std::uint64_t bytes = std::filesystem::file_size(directory / names_.side);
    for (std::size_t track = 0; track < tracks_; ++track)
        bytes += std::filesystem::file_size(directory / names_.track(track));
    return bytes;
}

Manifest manifest_of(const Packer& packer, const std::filesystem::path& directory) {
    Manifest manifest;
    manifest.fps = packer.take().take.fps;
    manifest.seconds = packer.take().frame_count() / manifest.fps.value();
    manifest.rungs.push_back(packer.describe(directory));
    return manifest;
}

InputError too_low(double lowest_rate) {
    return InputError(
        "the take needs {:.2f} Mbit/s even at the lowest quality; use fewer splats or a lower SH degree",
        lowest_rate / 1e6);
}

/// What all segments together may take: less what surrounds them in the files.
double Packer::payload_at(double bit_rate) const {
    SideFile side;
    side.header.take = take_->take;
    coder_->describe(side.header);
    side.segments.resize(take_->segments.size());
    const double surroundings = double(write_side_header(side).size()) + kOtherBytes +
                                kSegmentBytes * double(take_->segments.size()) +
                                kFrameBytes * take_->frame_count();
    return bit_rate / 8 * take_->frame_count() / take_->take.fps.value() - surroundings;
}

/// About the quality at which segments take `bytes`.
double Packer::choose_quality(double bytes, std::vector<double>& estimates) {
    double quality = options_.quality, slope = kBytesPerQuality;
    for (int i = 0;; ++i) {
        estimates = coder_->estimate(quality);
        const double off = std::log(bytes / std::accumulate(estimates.begin(), estimates.end(), 0.0));
        const double next = std::clamp(bytes > 0 ? quality + off / slope : 0, 0.0, 100.0);
        if (i == kQualityTries || std::abs(next - quality) < kCloseQuality) return quality;
        quality = next;
    }
}

PackResult Packer::write_at_rate(const std::filesystem::path& directory, double bit_rate) {
    const double bytes = payload_at(bit_rate);
    std::vector<double> estimates;
    const double chosen = choose_quality(bytes, estimates);
    set_quality(chosen);
    for (double& estimate : estimates) estimate *= 1 - saved_;
    const CoarsenessRange range = coder_->coarseness_range();
    tracker_.emplace(bytes, estimates, range.finest, range.coarsest);
    for (bool again = false;; again = true) {
        code_all(directory);
        const double quality =
            std::clamp(chosen - tracker_->mean_coarseness() / kCoarsenessPerQuality, 0.0, 100.0);
        write_side(directory, quality);
        PackResult result;
        result.bytes = written(directory), result.quality = quality;
        const std::size_t manifest = write_manifest(manifest_of(*this, directory)).size();
        const double rate = bits_per_second(result.bytes + manifest);
        if (rate <= bit_rate) return result;
        if (tracker_->all_coarsest()) throw too_low(rate);
        const double surplus = double(result.bytes + manifest) * (1 - bit_rate / rate);
        tracker_->restart(std::max(0.0, tracker_->spent() - surplus), again);
    }
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

/// Bisection: the highest quality whose stream stays within the rate, left behind in `directory`.
PackResult search_rate(Packer& packer, const std::filesystem::path& directory, double bit_rate) {
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
    if (!best.bytes) throw too_low(write(0));
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
    packer.find_steps(options.find_steps);
    PackResult result;
    if (options.bit_rate)
        result = packer.steers() ? packer.write_at_rate(directory.path(), *options.bit_rate)
                                 : search_rate(packer, directory.path(), *options.bit_rate);
    else
        result = {packer.write(directory.path(), options.quality), options.quality};
    result.frames_coded = packer.frames_coded();
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
