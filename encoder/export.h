// Any decoded take as a sequence of 3DGS PLYs.
#pragma once

#include <filesystem>
#include <functional>

namespace volumen {

struct ExportOptions {
    int first_frame = 0, end_frame = -1;  ///< half-open; -1: to the take's end
    std::function<void(int done, int of)> progress;
};

/// Writes frame_000012.ply … (the take's frame numbers), stage/stage.ply where there is a stage, and
/// take.json, whose metadata `pack` reads again with all of them, into `directory`, which appears whole or
/// not at all. `source`: a stream, a model, or a directory of splat files. Returns the number of frames.
/// Throws UsageError when `directory` is something else, or the frames are not the take's; InputError when
/// the source cannot be read.
int export_take(const std::filesystem::path& source, const std::filesystem::path& directory,
                const ExportOptions& options);

}  // namespace volumen
