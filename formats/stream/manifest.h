// manifest.mpd: MPEG-DASH on-demand profile, one Representation a rung, and one for each further track
// of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/bytes.h"
#include "formats/core/take_info.h"

namespace volumen {

/// One video file.
struct ManifestTrack {
    std::string codec, file;                       ///< file: a name beside the manifest
    std::uint64_t bandwidth = 0;                   ///< bits per second, of this file
    std::uint64_t init_size = 0;                   ///< bytes [0, init_size)
    std::uint64_t index_begin = 0, index_end = 0;  ///< of its sidx box
};

struct ManifestRung {
    std::string id;
    int width = 0, height = 0;          ///< of every track's pictures
    std::uint64_t bandwidth = 0;        ///< bits per second, all files of the rung
    std::vector<ManifestTrack> tracks;  ///< 1 to kMaxTracks; the first is the rung's Representation
    std::string side_file;              ///< a name beside the manifest
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
