// Any bytes as a splat PLY: a cloud, or an InputError.
#include "formats/splats/ply.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>

#include "formats/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::filesystem::path file =
        std::filesystem::temp_directory_path() / fmt::format("fuzz-{}.ply", getpid());
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(data), std::streamsize(size));
    try {
        volumen::read_ply(file);
    } catch (const volumen::InputError&) {
    }
    return 0;
}
