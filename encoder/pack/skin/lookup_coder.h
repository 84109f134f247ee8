// Opacities and scales over time -> look-up images.
#pragma once

#include <span>
#include <vector>

#include "encoder/pack/video_encoder.h"
#include "formats/core/bytes.h"
#include "formats/stream/skin_segment.h"

namespace volumen {

/// The smallest picture that holds the look-ups of so many splats and frames, or the largest and as many as
/// it takes. Throws InputError where even that is not enough.
LookupShape fit_lookups(std::size_t splats, int frames);
/// The same in pictures of `width` × `height`.
LookupShape fit_lookups(std::size_t splats, int frames, int width, int height);

/// The least that a level is, in alpha and in natural logarithms.
struct LookupSteps {
    float opacity = 0, scale = 0;
};

/// Fills lookup_scale, mean and row of a segment whose lookup, counts and frames are set, from clouds, one a
/// frame, in coding order; returns the pictures: rows sorted by their mean, in them what differs from it.
Pictures draw_lookups(std::span<const SplatCloud> frames, const LookupSteps& steps, SkinSegment& segment);

/// The chunk MEAN.
Bytes code_means(const SkinSegment& segment);

}  // namespace volumen
