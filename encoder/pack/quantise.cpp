#include "encoder/pack/quantise.h"

#include <algorithm>
#include <cmath>

#include "encoder/pack/coded_planes.h"
#include "encoder/pack/lattice.h"
#include "formats/core/parallel.h"
#include "formats/stream/limits.h"

namespace volumen {

namespace {

constexpr std::uint8_t kGrey = 128;
/// Steps of the grid that a position which was on it may have drifted as a float.
constexpr double kOnGrid = 0.05;
/// Luma levels kept free at both ends of a block's positions: what the codec adds or takes is not clipped.
constexpr int kGuard = 4;
/// Scales below this share of the take's extent are raised to it: a hundredth of a pixel in a full view.
constexpr float kSmallestScale = 1e-4f;

/// Values of one plane over the segment: values[frame][splat].
using PlaneValues = std::vector<std::vector<float>>;

/// A lattice that is finer than the wanted levels by more than this factor would cost more than it saves; on
/// one that is as much coarser what the video errs would weigh more.
constexpr float kAsFine = 1.4f;
/// Levels between the least and the greatest value of a plane.
constexpr float kLevels = 254;
constexpr int kWholeRange = 255;
/// The reader's clamp of alpha, FORMAT.md section 7, and a little more.
constexpr float kLeastAlpha = 1.01f / 1024;
constexpr float kNoLimit = 1e30f;
/// A handful of overshooting colours would make all colours coarse: this share at each end may be clipped.
constexpr double kStrays = 5e-4;

void clip_strays(const PlaneValues& values, float& low, float& high) {
    std::vector<float> all;
    for (const auto& frame : values) all.insert(all.end(), frame.begin(), frame.end());
    const auto stray = std::ptrdiff_t(kStrays * double(all.size()));
    std::nth_element(all.begin(), all.begin() + stray, all.end());
    low = all[std::size_t(stray)];
    std::nth_element(all.begin(), all.end() - 1 - stray, all.end());
    high = all[all.size() - 1 - std::size_t(stray)];
}

class Quantiser {
  public:
    Quantiser(std::span<const SplatCloud> frames, int first_frame, float extent, const AtlasShape& atlas)
        : frames_(frames), extent_(extent) {
        auto& l = *(out_.layout = std::make_shared<SegmentLayout>());
        l.first_frame = first_frame;
        l.frame_count = int(frames.size());
        l.splat_count = std::uint32_t(frames[0].count);
        l.sh_degree = frames[0].sh_degree;
        l.atlas_width = atlas.width, l.atlas_height = atlas.height;
        l.tracks = atlas.tracks;
        l.blocks_per_row = atlas.blocks_per_row;
        l.plane_x = atlas.plane_x, l.plane_y = atlas.plane_y;
        const std::size_t planes = atlas.plane_x.size(), blocks = l.blocks();
        l.plane_min.assign(planes, 0), l.plane_step.assign(planes, 0);
        l.position_shift.assign(blocks * 3, 0);
        out_.position_offset.assign(frames.size() * blocks * 3, 0);
        out_.luma.assign(frames.size(), std::vector<std::uint8_t>(
                                            std::size_t(atlas.width) * std::size_t(atlas.height), kGrey));
    }

    QuantisedSegment run(const PlaneSteps& steps) {
        quantise_positions(steps.position * extent_);
        const int planes = int(out_.layout->plane_x.size());
        parallel_for(std::size_t(planes - kPlaneRotation), 1, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t p = begin; p < end; ++p)
                quantise_plane(int(p) + kPlaneRotation, least_step(int(p) + kPlaneRotation, steps));
        });
        return std::move(out_);
    }

  private:
    float smallest_scale() const { return std::log(kSmallestScale * extent_); }

    float value(const SplatCloud& cloud, int plane, std::size_t i) const {
        const float v = coded_value(cloud, plane, i);
        return plane >= kPlaneScale && plane < kPlaneOpacity ? std::max(v, smallest_scale()) : v;
    }

    /// The pixel of `plane` that shows place `i` of the stream (padded lanes of the last block too).
    std::uint8_t& pixel(std::size_t frame, int plane, std::size_t i) {
        const SegmentLayout& l = *out_.layout;
        const std::size_t block = i / kBlockSplats, place = i % kBlockSplats;
        const std::size_t x =
            l.plane_x[std::size_t(plane)] + block % l.blocks_per_row * kBlockSide + place % kBlockSide;
        const std::size_t y =
            l.plane_y[std::size_t(plane)] + block / l.blocks_per_row * kBlockSide + place / kBlockSide;
        return out_.luma[frame][y * std::size_t(l.atlas_width) + x];
    }

    void write_level(std::size_t frame, int plane, std::size_t i, double level) {
        pixel(frame, plane, i) = std::uint8_t(std::clamp(std::round(level), 0.0, 255.0));
    }
    void pad_last_block(int plane) {
        const std::size_t count = out_.layout->splat_count;
        for (std::size_t f = 0; f < frames_.size(); ++f)
            for (std::size_t i = count; i < out_.layout->blocks() * std::size_t(kBlockSplats); ++i)
                pixel(f, plane, i) = pixel(f, plane, count - 1);
    }

    void quantise_plane(int plane, float least) {
        SegmentLayout& l = *out_.layout;
        const std::size_t p = std::size_t(plane);
        PlaneValues values(frames_.size(), std::vector<float>(l.splat_count));
        float low = 1e30f, high = -1e30f;
        for (std::size_t f = 0; f < frames_.size(); ++f)
            for (std::size_t i = 0; i < l.splat_count; ++i) {
                const float v = values[f][i] = value(frames_[f], plane, i);
                low = std::min(low, v), high = std::max(high, v);
            }
        if (use_lattice(plane, values, low, high, least)) return write_plane(plane, values);
        if (plane >= kPlaneSh && high - low > kLevels * least) clip_strays(values, low, high);
        // The middle of the range lies on grey, where the surroundings are.
        const float step = l.plane_step[p] = std::max(least, (high - low) / kLevels);
        l.plane_min[p] = (low + high) / 2 - step * kGrey;
        write_plane(plane, values);
    }

    /// What was quantised before is put on levels again: whether it was.
    bool use_lattice(int plane, const PlaneValues& values, float low, float high, float least) {
        const bool scale = plane >= kPlaneScale && plane < kPlaneOpacity, opacity = plane == kPlaneOpacity;
        const float clamped_low = scale ? smallest_scale() : opacity ? kLeastAlpha : -kNoLimit;
        const float clamped_high = opacity ? 1 - kLeastAlpha : kNoLimit;
        const auto lattice = find_lattice(values, kWholeRange + 1, clamped_low, clamped_high);
        if (!lattice) return false;
        const float wanted = std::max(least, (high - low) / kLevels);
        if (lattice->step < wanted / kAsFine || lattice->step > wanted * kAsFine) return false;
        const float first = std::round((low - lattice->origin) / lattice->step);
        const float last = std::round((high - lattice->origin) / lattice->step);
        if (last - first > kWholeRange) return false;
        const float start = std::clamp(std::round((first + last) / 2) - kGrey, last - kWholeRange, first);
        out_.layout->plane_step[std::size_t(plane)] = lattice->step;
        out_.layout->plane_min[std::size_t(plane)] = lattice->origin + start * lattice->step;
        return true;
    }

    void write_plane(int plane, const PlaneValues& values) {
        const SegmentLayout& l = *out_.layout;
        const float minimum = l.plane_min[std::size_t(plane)], step = l.plane_step[std::size_t(plane)];
        for (std::size_t f = 0; f < frames_.size(); ++f)
            for (std::size_t i = 0; i < l.splat_count; ++i)
                write_level(f, plane, i, (values[f][i] - minimum) / step);
        pad_last_block(plane);
    }

    void quantise_positions(float wanted_step) {
        SegmentLayout& l = *out_.layout;
        float step = wanted_step;
        for (int axis = 0; axis < 3; ++axis) {
            float low = 1e30f, high = -1e30f;
            for (const SplatCloud& cloud : frames_)
                for (const float v : cloud.channel(SplatCloud::kPosition + axis))
                    low = std::min(low, v), high = std::max(high, v);
            l.position_origin[std::size_t(axis)] = low;
            // The offsets' limit, halved: an offset lies up to half a block's range below its splats.
            step = std::max(step, (high - low) / float(kMaxPositionOffset / 2));
        }
        l.position_step = step;
        parallel_for(l.blocks(), 8, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t b = begin; b < end; ++b)
                for (int axis = 0; axis < 3; ++axis) quantise_block(b, axis);
        });
        for (int axis = 0; axis < 3; ++axis) pad_last_block(kPlanePosition + axis);
    }

    /// Position of splat i on the grid, real-valued.
    double grid(std::size_t f, int axis, std::size_t i) const {
        const SegmentLayout& l = *out_.layout;
        const double v = frames_[f].channel(SplatCloud::kPosition + axis)[i];
        return (v - l.position_origin[std::size_t(axis)]) / l.position_step;
    }

    void quantise_block(std::size_t block, int axis) {
        SegmentLayout& l = *out_.layout;
        const std::size_t first = block * kBlockSplats;
        const std::size_t last = std::min<std::size_t>(first + kBlockSplats, l.splat_count);
        struct Range {
            double low = 1e30, high = -1e30, moved = 0;
        };
        std::vector<Range> ranges(frames_.size());
        std::vector<double> moves(last - first);
        double widest = 0;
        for (std::size_t f = 0; f < frames_.size(); ++f) {
            Range& r = ranges[f];
            for (std::size_t i = first; i < last; ++i) {
                const double v = grid(f, axis, i);
                r.low = std::min(r.low, v), r.high = std::max(r.high, v);
                moves[i - first] = v - grid(0, axis, i);
            }
            // The median: if most splats move alike, their luma stays what it was.
            const auto middle = moves.begin() + std::ptrdiff_t(moves.size() / 2);
            std::nth_element(moves.begin(), middle, moves.end());
            r.moved = *middle;
            widest = std::max(widest, r.high - r.low);
        }
        // One level for the rounding of the offset.
        constexpr int kUsed = 255 - 2 * kGuard - 1;
        int shift = 0;
        while (shift < kMaxPositionShift && widest > double(kUsed << shift)) ++shift;
        l.position_shift[block * 3 + std::size_t(axis)] = std::uint8_t(shift);
        const double level = double(1 << shift);
        const double start = (ranges[0].low + ranges[0].high) / 2 - kGrey * level;
        for (std::size_t f = 0; f < frames_.size(); ++f) {
            const double lowest = ranges[f].high - (255 - kGuard) * level;
            const double highest = ranges[f].low - kGuard * level;
            const double offset = std::clamp(start + ranges[f].moved, lowest, highest);
            const std::int32_t exact =
                on_levels(std::int32_t(std::lround(offset)), f, axis, first, last, shift);
            out_.position_offset[(f * l.blocks() + block) * 3 + std::size_t(axis)] = exact;
            for (std::size_t i = first; i < last; ++i)
                write_level(f, kPlanePosition + axis, i, (grid(f, axis, i) - exact) / level);
        }
    }

    /// The offset nearest to `offset` with which all splats of a block lie on levels, where there is one: the
    /// block was quantised before. Else `offset`.
    std::int32_t on_levels(std::int32_t offset, std::size_t frame, int axis, std::size_t first,
                           std::size_t last, int shift) const {
        const std::int32_t level = 1 << shift;
        const auto residue = [&](std::int32_t v) { return ((v % level) + level) % level; };
        const std::int32_t wanted = residue(std::int32_t(std::lround(grid(frame, axis, first))));
        for (std::size_t i = first; i < last; ++i) {
            const double v = grid(frame, axis, i), whole = std::round(v);
            if (std::abs(v - whole) > kOnGrid || residue(std::int32_t(whole)) != wanted) return offset;
        }
        const std::int32_t up = residue(wanted - residue(offset));
        return up <= level / 2 ? offset + up : offset + up - level;
    }

    std::span<const SplatCloud> frames_;
    float extent_;
    QuantisedSegment out_;
};

}  // namespace

QuantisedSegment quantise(std::span<const SplatCloud> frames, int first_frame, float extent,
                          const AtlasShape& atlas, const PlaneSteps& steps) {
    return Quantiser(frames, first_frame, extent, atlas).run(steps);
}

}  // namespace volumen
