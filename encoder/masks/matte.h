// From labels to soft masks and the performer's own colours.
#pragma once

#include <vector>

#include "encoder/masks/background.h"

namespace volumen::masks {

/// Gives `image` an alpha and takes the background out of its colours. Pixels whose neighbours
/// are all of one label keep it; the others are mixtures of the known background and of the
/// performer's colour further in, and alpha is the share that explains what is seen. `belief`:
/// smooth_labels.
void cut_out(ViewImage& image, const Background& background, const std::vector<float>& belief);

}  // namespace volumen::masks
