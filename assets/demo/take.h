// The demo take as a capture on disk.
#pragma once

#include <filesystem>
#include <functional>

#include "assets/demo/recipe.h"

namespace volumen::demo {

struct TakeOptions {
    int views = 16, frames = 48, size = 320;
    float lamp_swing = 0;  ///< degrees to either side that the key light swings around the performer, in 1 s
};

/// Writes image/<frame>/<view>.png (RGBA, straight alpha) and transforms.json into `folder`, the latter last:
/// where it stands, the capture is whole. The same recipe and options give the same bytes. `frame_done` is
/// called after each frame with the number done. Throws UsageError on options out of range, InputError where
/// a file cannot be written.
void write_take(const Recipe& recipe, const TakeOptions& options, const std::filesystem::path& folder,
                const std::function<void(int done)>& frame_done = {});

}  // namespace volumen::demo
