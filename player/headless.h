// Rendering into files, without a window.
#pragma once

#include <chrono>

#include "formats/core/image.h"
#include "player/options.h"
#include "player/source/take.h"

namespace volumen {

struct Statistics;

/// Decodes and renders every frame of the range exactly once, in order. Returns the exit status: 0, or 1
/// where frames were lost to damage (they have no image; the others do). `start` is when the program began.
int run_headless(const Take& take, const PlayOptions& options, std::chrono::steady_clock::time_point start);

/// The frames that are played: `--frames`, checked against the take, or all. Throws UsageError.
FrameRange played_range(const Take& take, const PlayOptions& options);

/// The colour channels of RGBA.
Image8 without_alpha(const Image8& image);

/// Writes `--stats`: to stdout for "-", else under a temporary name, then renamed.
void write_statistics(const std::string& file, const Statistics& statistics);

}  // namespace volumen
