// Any bytes as a transforms.json: a rig whose cameras are sound, or an InputError.
#include "formats/capture/readers/transforms.h"

#include <cmath>
#include <cstdlib>

#include "formats/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        for (const volumen::RigView& view :
             volumen::parse_transforms({data, size}, "transforms.json").views) {
            const volumen::Camera& camera = view.camera;
            const bool sound = std::abs(glm::determinant(camera.rotation) - 1) < 1e-3f &&
                               std::isfinite(glm::length(camera.translation)) && camera.fx >= 0 &&
                               camera.width >= 0 && !view.image_path.empty();
            if (!sound) std::abort();
        }
    } catch (const volumen::InputError&) {
    }
    return 0;
}
