// What "quality" means for joints and skin.
#pragma once

#include <array>

#include "encoder/pack/skin/lookup_coder.h"
#include "formats/splats/cloud.h"

namespace volumen {

struct SkinQuality {
    float grid = 0;       ///< step of splats' places, share of the take's extent
    int joint_shift = 0;  ///< joints' places are 2^joint_shift coarser
    float turn = 0;       ///< step of joints' turns, radians
    float dead_zone = 0;  ///< of joints' places and turns, steps
    float rotation = 0;   ///< step of splats' quaternion components
    LookupSteps lookup;
    int quantiser = 0;                            ///< H.264's QP of the look-up images
    std::array<int, kMaxShDegree + 1> entries{};  ///< of the codebooks, by degree, at most
    double change_cost =
        0;  ///< of an index, at least: squared error weighted by its share of all splats' area
};

/// `quality` in 0 … 100, higher is finer; monotonous.
SkinQuality skin_quality(double quality);

}  // namespace volumen
