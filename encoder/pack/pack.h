// Model -> stream.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "encoder/model.h"

namespace volumen {

struct PackOptions {
    std::string codec = "h264";      ///< h264, hevc, av1
    int segment_frames = 30;         ///< segments of the model longer than this are cut
    double quality = 75;             ///< 0 … 100; 100 is the finest the atlas can carry
    std::optional<double> bit_rate;  ///< bits per second, all tracks together: quality is searched for it
    std::optional<FrameRate> fps;    ///< instead of the model's
    std::function<void(int done, int of)> progress;
};

struct PackResult {
    std::uint64_t bytes = 0;  ///< the stream's files together
    double quality = 0;       ///< used
    double seconds = 0;
};

/// Packs a model (or a directory of PLYs) into a stream directory, written under a temporary name beside it
/// and renamed when whole and checked (decoded again: exact parts equal, every plane within its bound). An
/// existing stream at `stream` is replaced only then.
PackResult pack(const std::filesystem::path& model, const std::filesystem::path& stream,
                const PackOptions& options);

}  // namespace volumen
