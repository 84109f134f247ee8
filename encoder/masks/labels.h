// Which pixels of one image are the performer.
#pragma once

#include <vector>

#include "encoder/masks/background.h"

namespace volumen::masks {

/// What an image's colours say about each pixel, one value a pixel.
struct Evidence {
    /// Logarithm of the odds that the pixel shows the performer rather than the background.
    std::vector<float> odds;
    /// 1 where the colour is that of a shadow on the background: it may be one, or a performer of that
    /// colour.
    std::vector<std::uint8_t> unsure;
    /// Squared distance from the background over its variance, summed over channels (3 is expected of the
    /// background itself); 0 where the background is not known.
    std::vector<float> distance;
};

Evidence colour_evidence(const Image8& rgb, const Background& background);

/// The probability that each pixel is the performer: mean field of a conditional random field whose
/// neighbours (8) agree all the more where the difference between image and background is smooth. `odds` is
/// Evidence::odds, or what became of it.
std::vector<float> smooth_labels(const Image8& rgb, const Background& background,
                                 const std::vector<float>& odds);

}  // namespace volumen::masks
