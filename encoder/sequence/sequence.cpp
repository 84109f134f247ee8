#include "encoder/sequence/sequence.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "encoder/pack/rotation.h"
#include "encoder/sequence/fill.h"
#include "encoder/sequence/tracker.h"
#include "formats/core/error.h"
#include "formats/splats/read_splats.h"
#include "formats/stream/limits.h"

namespace volumen {
namespace {

[[noreturn]] void fail_temporary() {
    throw InputError("the temporary folder: cannot be written: {}; make room there or set TMPDIR",
                     std::strerror(errno));
}

}  // namespace

/// Reads the files one after the other and cuts them into segments.
class SplatSequence::Planner {
  public:
    Planner(SplatSequence& sequence, const SequenceOptions& options) : out_(sequence), options_(options) {}

    void run() {
        const int frames = int(out_.files_.size());
        for (int frame = 0; frame < frames; ++frame) {
            SplatCloud cloud = read(frame);
            const bool begins = frame == 0 || frame == planned_end_;
            // All files of a segment have one SH degree while they are compared.
            cloud = with_sh_degree(cloud, 0);
            if (begins) {
                begin(frame, std::move(cloud));
            } else if (const auto problem = tracker_.add(cloud)) {
                if (options_.tell) options_.tell(fmt::format("frame {}: {}: a new segment", frame, *problem));
                begin(frame, std::move(cloud));
            }
            if (options_.progress) options_.progress(frame + 1, frames);
        }
        end(frames);
    }

  private:
    SplatCloud read(int frame) {
        const std::filesystem::path& path = out_.files_[std::size_t(frame)];
        SplatFile file = read_splats(path);
        if (file.unusable && options_.tell)
            options_.tell(fmt::format("{}: {} splats are left out: NaN, infinite or absurd values",
                                      path.string(), file.unusable));
        if (!file.cloud.count)
            throw InputError("{}: has no splats{}; leave the frame out, or repeat the one before",
                             path.string(), file.unusable ? " that can be used" : "");
        out_.bounds_.add(file.cloud);
        out_.sh_degree_ = std::max(out_.sh_degree_, file.cloud.sh_degree);
        return std::move(file.cloud);
    }

    void begin(int frame, SplatCloud cloud) {
        if (frame > 0) end(frame);
        first_frame_ = frame;
        // What is left, until a segment begins in any case, is cut evenly.
        const auto next = std::ranges::upper_bound(options_.begins, frame);
        const int last = int(out_.files_.size());
        const int left = (next == options_.begins.end() ? last : std::min(*next, last)) - frame;
        const int parts = (left + options_.segment_frames - 1) / options_.segment_frames;
        planned_end_ = frame + left / parts;
        tracker_.begin(std::move(cloud));
    }

    void end(int frame) {
        out_.segments_.push_back({first_frame_, frame - first_frame_});
        Places& places = out_.places_.emplace_back();
        places.splats = tracker_.splats();
        if (tracker_.files_agree()) return;
        if (!out_.correspondences_) out_.correspondences_ = {std::tmpfile(), &std::fclose};
        std::FILE* file = out_.correspondences_.get();
        if (!file || fseeko(file, 0, SEEK_END) != 0) fail_temporary();
        places.offset = ftello(file);
        for (std::vector<std::uint32_t> frame_places : tracker_.places()) {
            frame_places.resize(places.splats, kNoPartner);
            if (std::fwrite(frame_places.data(), sizeof(std::uint32_t), frame_places.size(), file) !=
                frame_places.size())
                fail_temporary();
        }
        if (std::fflush(file) != 0) fail_temporary();
    }

    SplatSequence& out_;
    const SequenceOptions& options_;
    SplatTracker tracker_;
    int first_frame_ = 0, planned_end_ = 0;
};

SplatSequence::SplatSequence(std::vector<std::filesystem::path> files, const SequenceOptions& options)
    : files_(std::move(files)) {
    if (files_.size() > kMaxFrames)
        throw InputError("{} frames, but at most {} are possible", files_.size(), kMaxFrames);
    Planner(*this, options).run();
}

std::vector<std::uint32_t> SplatSequence::read_places(std::size_t segment) const {
    const Places& places = places_[segment];
    std::vector<std::uint32_t> out(std::size_t(places.splats) * std::size_t(segments_[segment].frame_count));
    std::FILE* file = correspondences_.get();
    if (fseeko(file, places.offset, SEEK_SET) != 0 ||
        std::fread(out.data(), sizeof(std::uint32_t), out.size(), file) != out.size())
        throw InputError("the temporary folder: what was written there cannot be read back: {}",
                         std::strerror(errno));
    return out;
}

std::vector<SplatCloud> SplatSequence::read(std::size_t segment) const {
    const ModelSegment& s = segments_[segment];
    const std::uint32_t splats = places_[segment].splats;
    const bool files_agree = places_[segment].offset < 0;
    const std::vector<std::uint32_t> places =
        files_agree ? std::vector<std::uint32_t>{} : read_places(segment);
    std::vector<SplatCloud> frames;
    for (int f = 0; f < s.frame_count; ++f) {
        const std::filesystem::path& path = files_[std::size_t(s.first_frame + f)];
        SplatCloud cloud = with_sh_degree(read_splats(path).cloud, sh_degree_);
        const auto changed = [&] {
            throw InputError("{}: has changed while it was being packed; pack again", path.string());
        };
        if (files_agree) {
            if (cloud.count != splats) changed();
            frames.push_back(std::move(cloud));
            continue;
        }
        const auto from = std::span(places).subspan(std::size_t(f) * splats, splats);
        for (const std::uint32_t i : from)
            if (i != kNoPartner && i >= cloud.count) changed();
        frames.push_back(take_places(cloud, from));
    }
    if (!files_agree) {
        fill_absent(frames, places);
        for (std::size_t f = 1; f < frames.size(); ++f) align_axes(frames[f - 1], frames[f]);
    }
    return frames;
}

}  // namespace volumen
