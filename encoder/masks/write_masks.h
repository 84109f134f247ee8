// Computed masks as files, to look at and to mend by hand.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "encoder/masks/choose.h"

namespace volumen::masks {

struct WriteOptions {
    MaskMode mode = MaskMode::automatic;
    std::vector<int> held_out_views;      ///< neither read nor written
    int first_frame = 0, end_frame = -1;  ///< of the capture; end -1: all
    bool strict = false;
    std::function<void(const std::string& line)> warn;
    std::function<void(double share)> learning;  ///< progress before the first frame
    std::function<void(int done, int of)> progress;
};

struct WriteResult {
    int frames = 0, files = 0;
    MaskMode mode = MaskMode::none;  ///< what the masks come from
};

/// Writes `folder`/mask/<frame>/<view>.png, 8-bit coverage, videos' too (see Capture::mask_file): with the
/// capture's own folder as `folder` they become its masks. The sizes and the lenses' distortion are those of
/// the capture's files. Throws InputError where nothing can be computed (or the capture has masks already, or
/// has some that are no PNGs), UsageError for views or frames that it does not have.
WriteResult write_masks(const std::filesystem::path& capture, const std::filesystem::path& folder,
                        const WriteOptions& options);

}  // namespace volumen::masks
