// Sharpness, clipping and movement of single views.
#pragma once

#include <optional>

#include "formats/capture/capture.h"

namespace volumen {

/// How bent the luma's profile is in proportion to how steep: mean second difference over mean first
/// difference over two pixels, where the mask has the subject (everywhere without one). About 1 for sharp
/// pictures and for noise, below 0.3 for soft ones. NaN where nothing has any contrast.
double sharpness(const ViewImage& image);

/// Share of the subject's pixels (all, without a mask) of which a channel is burnt out.
double clipped_share(const ViewImage& image);

/// By how many pixels still surroundings moved between two pictures of a view, outside of both masks: the
/// median over blocks with structure. Nothing where too few blocks have any, or where they do not agree.
std::optional<glm::vec2> surroundings_shift(const ViewImage& before, const ViewImage& after);

}  // namespace volumen
