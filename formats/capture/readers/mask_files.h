// Where the masks of a capture lie in its folder.
#pragma once

#include "formats/capture/rig.h"

namespace volumen {

/// Where the mask of a view's own frame belongs, relative to `folder`, the capture's: find_masks finds it
/// there. With the images in image/0/3.jpg it is mask/0/3.png, in cam03/0000.jpg mask/cam03/0000.png, and of
/// frame 0 of the video cam03.mp4 mask/0/cam03.png. A mask that the view has already keeps its place. Throws
/// InputError where that is no PNG, such as a video.
std::filesystem::path mask_path(const std::filesystem::path& folder, const RigView& view, int own);

/// Gives the views whose entries name no mask those that lie in "mask" or "masks", for any of their frames:
/// as mask_path says, or with the image's own extension, with ".png" behind it, and a video for a video. The
/// views have their files and names.
void find_masks(Rig& rig);

}  // namespace volumen
