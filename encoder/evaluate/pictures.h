// Pictures made of pictures.
#pragma once

#include <string>
#include <vector>

#include "formats/core/image.h"

namespace volumen {

/// |a - b| times `gain`, clipped, on black; RGB.
Image8 difference(const Image8& a, const Image8& b, int gain);

/// Rows of RGB pictures on white with a margin, each as large as the largest.
Image8 tile(const std::vector<std::vector<Image8>>& rows);

}  // namespace volumen
