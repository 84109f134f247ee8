// Any bytes as a splat file: of the kind that they begin like, and as a .splat. A cloud whose every value can
// be drawn, or an InputError.
#include <cmath>
#include <cstdlib>

#include "formats/core/error.h"
#include "formats/splats/read_splats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    for (const char* name : {"fuzz.splat", "fuzz.ply", "fuzz"}) {
        try {
            const volumen::SplatFile file = volumen::parse_splats({data, size}, name);
            for (const float value : file.cloud.values)
                if (!std::isfinite(value)) std::abort();
        } catch (const volumen::InputError&) {
        }
    }
    return 0;
}
