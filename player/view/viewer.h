// The window: everything that happens on screen.
#pragma once

#include <chrono>

#include "player/options.h"
#include "player/source/take.h"

namespace volumen {

/// Plays the take in a window until it is closed (or the screenshot of `--screenshot` is taken). Returns the
/// exit status. `start` is when the program began.
int run_viewer(const Take& take, const PlayOptions& options, std::chrono::steady_clock::time_point start);

}  // namespace volumen
