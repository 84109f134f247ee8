#include "encoder/pack/rate/atlas_trials.h"

#include <algorithm>

namespace volumen {

namespace {

/// Of a segment. The first is a keyframe; what the others cost, and err, settles within a few.
constexpr int kTrialFrames = 8;

std::vector<SplatCloud> first_frames(std::vector<SplatCloud> frames, const AtlasShape& atlas) {
    order_segment(frames, atlas);
    frames.resize(std::min<std::size_t>(frames.size(), kTrialFrames));
    return frames;
}

/// The middle and the last one: keyframes err less than what follows.
std::vector<int> frames_to_show(int count) {
    if (count < 3) return {count - 1};
    return {count / 2, count - 1};
}

std::vector<SplatCloud> pick(const std::vector<SplatCloud>& frames, const std::vector<int>& which) {
    std::vector<SplatCloud> out;
    for (const int f : which) out.push_back(frames[std::size_t(f)]);
    return out;
}

}  // namespace

AtlasTrials::AtlasTrials(std::vector<SplatCloud> frames, const TakeInfo& take,
                         const SegmentSettings& settings)
    : settings_(settings),
      segment_frames_(int(frames.size())),
      frames_(first_frames(std::move(frames), settings.atlas)),
      shown_(frames_to_show(int(frames_.size()))),
      take_(take) {}

AtlasSegment AtlasTrials::code(const Quality& quality, std::span<const int> shown) {
    SegmentSettings settings = settings_;
    settings.quality = quality;
    frames_coded_ += int(frames_.size());
    return code_ordered_segment(frames_, 0, settings, shown);
}

/// A whole segment has one keyframe too, and more of the others.
double AtlasTrials::bytes_of(const AtlasSegment& coded) const {
    const double count = double(frames_.size());
    double later = 0;
    for (std::size_t f = 1; f < frames_.size(); ++f) later += double(coded.picture_bytes(f)) / (count - 1);
    return double(coded.picture_bytes(0)) + later * (segment_frames_ - 1) +
           double(write_side_segment(coded.side).size()) / count * segment_frames_;
}

Trial AtlasTrials::run(const Quality& quality) {
    if (!error_) error_ = std::make_unique<RenderedError>(take_, pick(frames_, shown_));
    const AtlasSegment coded = code(quality, shown_);
    return {bytes_of(coded), error_->of(coded.shown)};
}

double AtlasTrials::bytes(const Quality& quality) {
    return bytes_of(code(quality, {}));
}

}  // namespace volumen
