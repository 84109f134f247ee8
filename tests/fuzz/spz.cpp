// Any bytes as an .spz, and as what one holds inside its gzip: a cloud, or an InputError.
#include "formats/splats/spz.h"

#include "formats/core/error.h"
#include "formats/splats/read_splats.h"
#include "tests/formats/media/splat_writers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string inside = volumen::gzip({reinterpret_cast<const char*>(data), size});
    for (const std::span<const std::uint8_t> bytes :
         {std::span(data, size),
          std::span(reinterpret_cast<const std::uint8_t*>(inside.data()), inside.size())}) {
        try {
            volumen::SplatCloud cloud = volumen::parse_spz(bytes, "fuzz.spz");
            volumen::remove_unusable(cloud);
        } catch (const volumen::InputError&) {
        }
    }
    return 0;
}
