#include "encoder/pack/segment.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "encoder/pack/order.h"
#include "encoder/pack/quantise.h"
#include "encoder/pack/rotation.h"
#include "formats/stream/limits.h"

namespace volumen {

namespace {

/// Errors of the decoded luma, plane by plane over the segment; padding does not count.
void measure_errors(const QuantisedSegment& wanted, const Pictures& decoded, AtlasSegment& out) {
    const SegmentLayout& l = *wanted.layout;
    for (std::size_t p = 0; p < l.plane_x.size(); ++p) {
        double squares = 0;
        for (std::size_t f = 0; f < decoded.size(); ++f)
            for (std::size_t i = 0; i < l.splat_count; ++i) {
                const std::size_t block = i / kBlockSplats, place = i % kBlockSplats;
                const std::size_t x =
                    l.plane_x[p] + block % l.blocks_per_row * kBlockSide + place % kBlockSide;
                const std::size_t y =
                    l.plane_y[p] + block / l.blocks_per_row * kBlockSide + place / kBlockSide;
                const std::size_t at = y * std::size_t(l.atlas_width) + x;
                const int error = int(decoded[f][at]) - int(wanted.luma[f][at]);
                squares += error * error;
                out.largest_error = std::max(out.largest_error, std::abs(error));
            }
        out.worst_rms = std::max(
            out.worst_rms,
            std::sqrt(squares / (double(l.splat_count) * double(std::max<std::size_t>(1, decoded.size())))));
    }
}

/// The rows of a track, of pictures that have all tracks' one below the other.
Pictures rows_of(const Pictures& atlas, std::size_t track, std::size_t samples) {
    Pictures out;
    for (const auto& picture : atlas) {
        const auto first = picture.begin() + std::ptrdiff_t(track * samples);
        out.emplace_back(first, first + std::ptrdiff_t(samples));
    }
    return out;
}

/// Encodes every track; returns what they decode to, as atlases again.
Pictures code_tracks(const Pictures& luma, const SegmentSettings& settings, AtlasSegment& out) {
    const VideoSettings video = settings.video();
    const std::size_t tracks = std::size_t(settings.atlas.tracks);
    const std::size_t samples = std::size_t(video.width) * std::size_t(video.height);
    Pictures atlases(luma.size());
    for (std::size_t track = 0; track < tracks; ++track) {
        out.videos.push_back(encode_segment(tracks == 1 ? luma : rows_of(luma, track, samples), video));
        out.videos.back().frames = int(luma.size());
        Pictures decoded = decode_segment(out.videos.back(), video);
        if (decoded.size() != luma.size())
            throw InputError("{}: {} of {} pictures decode", settings.codec, decoded.size(), luma.size());
        for (std::size_t f = 0; f < luma.size(); ++f)
            atlases[f].insert(atlases[f].end(), decoded[f].begin(), decoded[f].end());
    }
    return atlases;
}

}  // namespace

void order_segment(std::vector<SplatCloud>& frames, const AtlasShape& atlas) {
    const auto order = order_splats(frames, atlas.blocks_per_row);
    for (SplatCloud& cloud : frames) cloud = gather(cloud, order);
    canonicalise_rotations(frames);
}

AtlasSegment code_ordered_segment(std::span<const SplatCloud> frames, int first_frame,
                                  const SegmentSettings& settings, std::span<const int> shown) {
    const QuantisedSegment quantised =
        quantise(frames, first_frame, settings.extent, settings.atlas, settings.quality.steps);
    AtlasSegment out;
    const Pictures decoded = code_tracks(quantised.luma, settings, out);
    measure_errors(quantised, decoded, out);
    out.side.layout = quantised.layout;
    out.side.position_offset = quantised.position_offset;
    for (const auto& luma : decoded) out.side.luma_crc.push_back(crc32(luma));
    for (const int f : shown) {
        const auto offsets = quantised.position_offset.begin() +
                             std::ptrdiff_t(f) * 3 * std::ptrdiff_t(quantised.layout->blocks());
        PackedFrame frame;
        frame.index = first_frame + f;
        frame.layout = quantised.layout;
        frame.luma = decoded[std::size_t(f)];
        frame.position_offset.assign(offsets, offsets + 3 * std::ptrdiff_t(quantised.layout->blocks()));
        out.shown.push_back(reconstruct(frame));
    }
    return out;
}

AtlasSegment code_atlas_segment(std::vector<SplatCloud> frames, int first_frame,
                                const SegmentSettings& settings) {
    order_segment(frames, settings.atlas);
    return code_ordered_segment(frames, first_frame, settings);
}

}  // namespace volumen
