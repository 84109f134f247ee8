// Any bytes as an .npy file, and what it holds as LLFF's poses: views, or an InputError.
#include <cmath>
#include <cstdlib>

#include "formats/capture/readers/llff.h"
#include "formats/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace volumen;
    try {
        const NpyArray array = parse_npy({data, size}, "poses_bounds.npy");
        std::size_t count = 1;
        for (const std::size_t side : array.shape) count *= side;
        if (count != array.values.size()) std::abort();
        constexpr std::size_t kMost = 64;  // names to make up
        if (array.shape.empty() || array.shape[0] > kMost) return 0;
        const std::vector<std::string> names(array.shape[0], "cam00.mp4");
        for (const RigView& view : llff_views(array, names, "poses_bounds.npy"))
            if (!(std::abs(glm::determinant(view.camera.rotation) - 1) < 1e-3f && view.camera.fx > 0))
                std::abort();
    } catch (const InputError&) {
    }
    return 0;
}
