// Which files are frames of one view.
#pragma once

#include <optional>
#include <string>

#include "formats/capture/rig.h"

namespace volumen {

/// The number that a folder's name is, if it is one and nothing else.
std::optional<int> folder_number(const std::string& name);

/// The path whose file of frame 0 is `first`, counting frames by its folders or by its files as `path` does.
FramePath counted_as(const FramePath& path, const std::filesystem::path& first);

/// `rig.views` come with the one file that each names, relative to rig.folder; they leave with paths that
/// count frames, and entries that differ only in the frame's number become one view. Throws InputError where
/// a camera moves or frames are missing from the list.
void group_frames(Rig& rig);

}  // namespace volumen
