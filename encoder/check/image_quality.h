// Sharpness, clipping and movement of single views.
#pragma once

#include <optional>

#include "formats/capture/capture.h"

namespace volumen {

/// Mean difference from pixel to pixel in proportion to that over four pixels, of the luma where the mask has
/// the subject (everywhere without one): near 0.5 or above for sharp pictures, below 0.25 for soft ones. NaN
/// where nothing has any contrast.
double sharpness(const ViewImage& image);

/// Share of the subject's pixels (all, without a mask) of which a channel is burnt out.
double clipped_share(const ViewImage& image);

/// By how many pixels still surroundings moved between two pictures of a view, outside of both masks: the
/// median over blocks with structure. Nothing where too few blocks have any, or where they do not agree.
std::optional<glm::vec2> surroundings_shift(const ViewImage& before, const ViewImage& after);

}  // namespace volumen
