// What coding does to the picture, with no capture at hand: renders of decoded splats against renders of the
// splats that were coded.
#pragma once

#include <span>
#include <vector>

#include "encoder/train/rasteriser.h"
#include "formats/core/camera.h"
#include "formats/core/image.h"
#include "formats/core/take_info.h"
#include "formats/splats/cloud.h"

namespace volumen {

class RenderedError {
  public:
    /// Renders `frames` (at least one), from views all around the take's bounds and its default view. The
    /// views take turns: each frame is seen from all sides, but not from the same ones.
    RenderedError(const TakeInfo& take, std::span<const SplatCloud> frames);

    /// Mean squared error of the same views of `frames`, as many as before, display-referred values 0 … 1.
    /// Deterministic, and independent of the splats' order but for rounding.
    double of(std::span<const SplatCloud> frames);

  private:
    struct View {
        std::size_t frame = 0;
        Camera camera;
        PlanarImage image;
    };

    train::Rasteriser rasteriser_;
    train::RasterSettings settings_;
    std::vector<View> views_;
};

}  // namespace volumen
