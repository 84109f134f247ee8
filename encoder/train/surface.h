// A term that keeps splats a surface where few cameras see it.
#pragma once

#include "formats/splats/cloud.h"

namespace volumen::train {

/// weight · mean least axis, of the splats whose least axis is above a tenth of the middle one: discs are
/// wanted, and what is thinner gains nothing but a wider range of scales to code. Adds the gradient, returns
/// the term.
float flat_term(const SplatCloud& cloud, float weight, SplatCloud& gradients);

}  // namespace volumen::train
