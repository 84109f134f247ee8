#include "formats/splats/write_splats.h"

#include "formats/core/error.h"
#include "formats/splats/ply.h"
#include "formats/splats/read_splats.h"
#include "formats/splats/spz.h"

namespace volumen {

bool has_written_extension(const std::filesystem::path& file) {
    const std::string extension = lower_extension(file);
    return extension == ".ply" || extension == ".spz";
}

void write_splats(const std::filesystem::path& file, const SplatCloud& cloud) {
    const std::string extension = lower_extension(file);
    if (extension == ".ply") return write_ply(file, cloud);
    if (extension == ".spz") return write_spz(file, cloud);
    throw InputError("{}: this build writes .ply and .spz only", file.string());
}

}  // namespace volumen
