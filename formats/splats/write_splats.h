// Splat files of the kinds that this build writes.
#pragma once

#include <filesystem>

#include "formats/splats/cloud.h"

namespace volumen {

/// Whether the name ends in .ply or .spz, in any case.
bool has_written_extension(const std::filesystem::path& file);

/// write_ply() or write_spz(), by the extension, which has to be one of them.
void write_splats(const std::filesystem::path& file, const SplatCloud& cloud);

}  // namespace volumen
