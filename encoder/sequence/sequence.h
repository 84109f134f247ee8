// Splat files trained elsewhere, one a frame, as segments that have one topology each.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "encoder/model.h"
#include "formats/splats/describe.h"

namespace volumen {

struct SequenceOptions {
    int segment_frames = 30;  ///< at most so many frames a segment
    /// One line about what was found: where matching breaks down, splats that cannot be used.
    std::function<void(const std::string&)> tell;
    std::function<void(int done, int of)> progress;
    std::vector<int> begins = {};  ///< frames with which segments begin in any case, ascending
};

/// Opening it reads every file once, two frames at a time, and finds which splat is which: splats that keep
/// their place in the file are left alone, others are matched. Who continues whom lies in a temporary file;
/// memory does not grow with the number of frames.
class SplatSequence {
  public:
    /// Throws InputError on files that cannot be read, and on frames without splats.
    SplatSequence(std::vector<std::filesystem::path> files, const SequenceOptions& options);

    const Bounds& bounds() const { return bounds_; }
    int sh_degree() const { return sh_degree_; }  ///< the highest of any file
    const std::vector<ModelSegment>& segments() const { return segments_; }
    std::uint32_t splat_count(std::size_t segment) const { return places_[segment].splats; }

    /// All frames of a segment: splat i is the same splat in each, at the sequence's SH degree. A splat that
    /// a frame's file has not is there too, invisible, and moves with those around it.
    std::vector<SplatCloud> read(std::size_t segment) const;

  private:
    /// Where a segment's correspondences lie: frames × splats indices into the frames' files; none when
    /// all files have the same order.
    struct Places {
        std::uint32_t splats = 0;
        std::int64_t offset = -1;
    };
    class Planner;

    SplatCloud load(int frame) const;
    std::vector<std::uint32_t> read_places(std::size_t segment) const;

    std::vector<std::filesystem::path> files_;
    Bounds bounds_;
    int sh_degree_ = 0;
    std::vector<ModelSegment> segments_;
    std::vector<Places> places_;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> correspondences_{nullptr, nullptr};
};

}  // namespace volumen
