// Model -> stream.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "encoder/model.h"
#include "encoder/pack/track_limits.h"

namespace volumen {

struct PackOptions {
    std::string codec = "h264";         ///< h264, hevc, av1
    std::optional<int> segment_frames;  ///< longer segments of the model are cut; else 30, of joints 50
    /// 0 … 100; 100 is the finest the atlas can carry. What `export` made of a stream is coded two quantiser
    /// steps finer, so that two losses do not add up.
    double quality = 75;
    /// Bits per second, all tracks together: the take comes to it, or less by 3 %, where quality can reach so
    /// far. A stage, stored once, is not counted.
    std::optional<double> bit_rate;
    /// Whether the attributes' steps are weighed against each other on the take's first segment; else they
    /// are the quality's.
    bool find_steps = true;
    /// Of joints and skin: the share of splats whose colour may change from one frame to the next; 0 freezes
    /// colours within a segment.
    double colour_changes = 0.015;
    /// What one video may have, instead of what every decoder takes: planes that need more are spread over
    /// several.
    std::optional<TrackLimits> track_limits;
    /// Instead of the model's: frame rate, up axis (and with it ground and default view), metres.
    std::optional<FrameRate> fps;
    std::optional<glm::vec3> up;
    std::optional<double> metres_per_unit;
    std::function<void(int done, int of)> progress;
    /// While splat files that are no model are read and their splats followed.
    std::function<void(int done, int of)> read_progress;
    /// One line about what was found: where splats lose their partners, what cannot be used, over how many
    /// videos the planes are spread, which steps suit the take.
    std::function<void(const std::string&)> tell;
};

struct PackResult {
    std::uint64_t bytes = 0;  ///< the stream's files together
    double quality = 0;       ///< used; of a bit rate: the mean over the take
    double seconds = 0;
    int frames_coded = 0;  ///< by all tries together; a stage does not count
};

/// Throws what pack() would throw for these options, and where nothing can be written at `stream`.
void check_packing(const std::filesystem::path& stream, const PackOptions& options);

/// Packs a model, or a directory of splat files of any kind, one a frame, with its stage (stage_path), into a
/// stream directory, written under a temporary name beside it and renamed when whole and checked (decoded
/// again: exact parts equal, every plane within its bound). An existing stream at `stream` is replaced only
/// then.
PackResult pack(const std::filesystem::path& model, const std::filesystem::path& stream,
                const PackOptions& options);

}  // namespace volumen
