// From the names that a calibration gives its images to the files on disk.
#pragma once

#include "formats/capture/rig.h"

namespace volumen {

bool is_file(const std::filesystem::path& path);

/// What a folder holds, by names, sorted with the numbers in them by value. Empty where it cannot be read.
enum class Kind { files, folders };
std::vector<std::string> names_in(const std::filesystem::path& folder, Kind kind);

/// Whether the extension is a video's; an image's.
bool is_video(const std::filesystem::path& file);
bool is_image(const std::filesystem::path& file);

/// Sub-folders of `folder` whose names are numbers, by number; names as they are.
std::vector<std::string> numbered_folders(const std::filesystem::path& folder);

/// Finds each view's image (or video), mask and plate in rig.folder, groups entries that are frames of one
/// view, and settles names and offsets.
///
/// Images lie where the calibration says, or else in a folder whose name begins with "image" (or is "videos",
/// "frames", "rgb"), in a folder a frame inside it, or in `<frame>/images`, by their path or by file name
/// alone, with another image's or a video's extension where the named one is not there; where no name fits,
/// by order if there are as many images as views. What was assumed goes into rig.notes. Frames are counted by
/// the last folder that is a number (`image/0/3.png`) or, where each view has a folder of its own, by the
/// number that ends the file's name (`cam03/0000.png`).
///
/// No path leaves rig.folder: absolute paths to elsewhere and ".." out of it throw InputError. Links are
/// followed: they are the folder's owner's, not the calibration's.
void find_image_files(Rig& rig);

}  // namespace volumen
