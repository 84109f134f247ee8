// manifest.mpd: MPEG-DASH on-demand profile, one Representation a rung.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/bytes.h"
#include "formats/core/take_info.h"

namespace volumen {

struct ManifestRung {
    std::string id, codec;
    int width = 0, height = 0;
    std::uint64_t bandwidth = 0;                   ///< bits per second, all tracks of the rung
    std::string video_file, side_file;             ///< names beside the manifest
    std::uint64_t init_size = 0;                   ///< of the video file: bytes [0, init_size)
    std::uint64_t index_begin = 0, index_end = 0;  ///< of its sidx box
    std::uint64_t side_size = 0;
};

struct Manifest {
    FrameRate fps;
    double seconds = 0;
    std::vector<ManifestRung> rungs;
    std::optional<ManifestRung> stage;  ///< the still surroundings: one frame
};

std::string write_manifest(const Manifest& manifest);
/// Throws InputError, starting with `name`.
Manifest read_manifest(const Bytes& text, const std::string& name);

}  // namespace volumen
