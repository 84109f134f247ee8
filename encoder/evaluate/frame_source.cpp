#include "encoder/evaluate/frame_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "encoder/model.h"
#include "encoder/sequence/frame_files.h"
#include "formats/core/error.h"
#include "formats/splats/read_splats.h"
#include "formats/stream/reader.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// "avc1.640028" -> "h264"; what pack does not make stays as it is.
std::string codec_name(const std::string& codec) {
    const std::string kind = codec.substr(0, codec.find('.'));
    if (kind == "avc1" || kind == "avc3") return "h264";
    if (kind == "hvc1" || kind == "hev1") return "hevc";
    return kind == "av01" ? "av1" : kind;
}

class StreamSource : public FrameSource {
  public:
    explicit StreamSource(const fs::path& path)
        : stream_(Stream::open(path)), decoder_(stream_, kRung, HwAccel::none) {
        for (const SegmentInfo& s : stream_.segments(kRung))
            for (int i = 0; i < s.frame_count; ++i) bytes_.push_back(double(s.bytes) / s.frame_count);
    }
    std::vector<int> segment_begins() const override {
        std::vector<int> out;
        for (const SegmentInfo& s : stream_.segments(kRung)) out.push_back(s.first_frame);
        return out;
    }
    const TakeInfo& info() const override { return stream_.info(); }
    int frame_count() const override { return stream_.frame_count(); }
    int sh_degree() const override { return stream_.rungs().at(kRung).sh_degree; }
    Coding coding() const override {
        const RungInfo& rung = stream_.rungs().at(kRung);
        Coding out{rung.profile, "", rung.quality};
        for (const TrackInfo& t : rung.tracks)
            if (out.codec.empty()) out.codec = codec_name(t.codec);
        return out;
    }
    std::vector<SourceTrack> tracks() const override {
        std::vector<SourceTrack> out;
        for (const TrackInfo& t : stream_.rungs().at(kRung).tracks)
            out.push_back({t.codec.empty() ? fmt::format("{} ({})", t.id, t.tool)
                                           : fmt::format("{} ({}, {})", t.id, t.tool, t.codec),
                           t.bytes});
        if (const std::optional<RungInfo> stage = stream_.stage())
            for (const TrackInfo& t : stage->tracks) out.push_back({"stage " + t.id, t.bytes});
        return out;
    }
    std::optional<SplatCloud> stage() const override { return stream_.read_stage(); }
    double frame_bytes(int frame) const override { return bytes_.at(std::size_t(frame)); }
    void seek(int frame) override { decoder_.seek(frame); }
    std::optional<SourceFrame> next() override {
        const auto start = Clock::now();
        auto packed = decoder_.next();
        if (!packed) return {};
        SourceFrame frame;
        frame.index = packed->index, frame.splats = packed->splat_count();
        frame.packed = std::move(packed);
        frame.decode_ms = milliseconds_since(start);
        return frame;
    }

  private:
    static constexpr int kRung = 0;  ///< the best
    Stream stream_;
    FrameDecoder decoder_;
    std::vector<double> bytes_;
};

std::uintmax_t bytes_of(const fs::path& splats) {
    if (fs::is_regular_file(splats)) return fs::file_size(splats);
    std::uintmax_t sum = 0;
    for (const auto& entry : fs::recursive_directory_iterator(splats))
        if (entry.is_regular_file()) sum += entry.file_size();
    return sum;
}

class FileSource : public FrameSource {
  public:
    explicit FileSource(const fs::path& path) : stage_(read_stage(path)) {
        if (is_model(path)) {
            const ModelInfo model = read_model_info(path);
            info_ = model.take, sh_degree_ = model.sh_degree;
            first_capture_frame_ = model.first_capture_frame, profile_ = model.profile;
            for (const ModelSegment& s : model.segments) segment_begins_.push_back(s.first_frame);
            files_ = model_frames(path);
            return;
        }
        files_ = is_splats(path) ? std::vector{path} : list_frame_files(path);
        Bounds bounds;
        for (const fs::path& file : files_) {
            const SplatCloud cloud = read_splats(file).cloud;
            bounds.add(cloud);
            sh_degree_ = std::max(sh_degree_, cloud.sh_degree);
        }
        const std::optional<SequenceInfo> known = read_sequence_info(path);
        info_ = known ? known->take : describe_take(bounds, kSplatFileUp);
        if (known) segment_begins_ = known->segment_begins;
    }
    const TakeInfo& info() const override { return info_; }
    int frame_count() const override { return int(files_.size()); }
    int sh_degree() const override { return sh_degree_; }
    std::optional<int> first_capture_frame() const override { return first_capture_frame_; }
    std::vector<int> segment_begins() const override { return segment_begins_; }
    Coding coding() const override { return {profile_, "", {}}; }
    std::vector<SourceTrack> tracks() const override {
        std::uint64_t bytes = 0;
        for (const fs::path& f : files_) bytes += bytes_of(f);
        return {{"splat files", bytes}};
    }
    std::optional<SplatCloud> stage() const override { return stage_; }
    double frame_bytes(int frame) const override { return double(bytes_of(files_.at(std::size_t(frame)))); }
    void seek(int frame) override { next_ = frame; }
    std::optional<SourceFrame> next() override {
        if (next_ >= frame_count()) return {};
        const auto start = Clock::now();
        SourceFrame frame;
        frame.index = next_;
        frame.cloud = read_splats(files_[std::size_t(next_++)]).cloud;
        frame.splats = frame.cloud->count;
        frame.decode_ms = milliseconds_since(start);
        return frame;
    }

  private:
    TakeInfo info_;
    int sh_degree_ = 0;
    std::vector<int> segment_begins_;
    std::optional<int> first_capture_frame_;
    std::string profile_;
    std::optional<SplatCloud> stage_;
    std::vector<fs::path> files_;
    int next_ = 0;
};

}  // namespace

const SplatCloud& SourceFrame::unpacked() {
    if (!cloud) {
        const auto start = Clock::now();
        cloud = reconstruct(packed.value());
        decode_ms += milliseconds_since(start);
    }
    return *cloud;
}

std::unique_ptr<FrameSource> open_frame_source(const fs::path& path) {
    if (!fs::exists(path)) throw InputError("{}: does not exist; give a stream or a model", path.string());
    if (path.extension() == ".mpd" || fs::exists(path / "manifest.mpd"))
        return std::make_unique<StreamSource>(path);
    if (!fs::is_directory(path) && !is_splats(path))
        throw InputError("{}: neither a stream's directory or manifest, nor a model, nor splat files",
                         path.string());
    return std::make_unique<FileSource>(path);
}

double raw_frame_bytes(std::size_t splats, int sh_degree) {
    constexpr int kNormal = 3;  // the reference trainer writes normals of zero
    return double(splats) * sizeof(float) * (SplatCloud::channels_for(sh_degree) + kNormal);
}

}  // namespace volumen
