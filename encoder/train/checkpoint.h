// How far a training run has come, in a file from which it goes on.
#pragma once

#include <filesystem>

#include "encoder/model.h"
#include "encoder/train/bounds.h"
#include "encoder/train/train.h"
#include "formats/capture/capture.h"
#include "formats/core/bytes.h"

namespace volumen::train {

/// The state after a frame, or after a pass over its segment, together with the frames' own files beside it.
struct Checkpoint {
    RunRecord run;   ///< of the run that wrote it
    int frames = 0;  ///< trained so far
    std::uint64_t splats = 0;
    std::vector<ModelSegment> segments;
    Bounds bounds;
    Bytes trainer;  ///< Trainer::save
};

/// The file's name in the unfinished model's directory.
inline constexpr const char* kCheckpointFile = "checkpoint";

/// Waits for the disk: after a power cut there is this checkpoint or the one before. Throws InputError.
void write_checkpoint(const std::filesystem::path& file, Checkpoint& checkpoint);
/// Throws InputError where the file is damaged or of another version.
Checkpoint read_checkpoint(const std::filesystem::path& file);

/// Everything that shapes a model: the capture (cameras, names, length; not its pixels), the settings, this
/// program's version.
RunRecord record_run(const Capture& capture, const TrainOptions& options, masks::MaskMode mask_mode);
/// What differs, as in "splats: 5000 then, 10000 now", or nothing.
std::string difference(const RunRecord& then, const RunRecord& now);

}  // namespace volumen::train
