// Any decoded take as splat files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace volumen {

struct ExportOptions {
    int first_frame = 0, end_frame = -1;  ///< half-open; -1: to the take's end
    std::string extension = ".ply";       ///< of a folder's files; or ".spz"
    std::function<void(int done, int of)> progress;
};

/// Writes frame_000012.ply … (the take's frame numbers), stage/stage.ply where there is a stage, and
/// take.json, whose metadata `pack` reads again with all of them, into `directory`, which appears whole or
/// not at all. `source`: a stream, a model, splats, or a directory of splat files. Returns the number of
/// frames.
/// Throws UsageError when `directory` is something else, or the frames are not the take's; InputError when
/// the source cannot be read.
int export_take(const std::filesystem::path& source, const std::filesystem::path& directory,
                const ExportOptions& options);

/// Writes the one frame of `options` as a .ply or .spz, which `file` ends in; without its stage. Throws
/// UsageError when that is not one frame.
void export_frame(const std::filesystem::path& source, const std::filesystem::path& file,
                  const ExportOptions& options);

}  // namespace volumen
