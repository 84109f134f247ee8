// volumen-play: plays a stream or a cloud in a window, or renders it into files.
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <exception>

#include "formats/core/error.h"
#include "player/headless.h"
#include "player/options.h"
#include "player/source/take.h"
#include "player/view/viewer.h"

int main(int argc, char** argv) {
    using namespace volumen;
    constexpr int kInputStatus = 1, kUsageStatus = 2;
    const auto start = std::chrono::steady_clock::now();
    try {
        const auto options = parse_options(argc, argv);
        if (!options) return 0;
        const Take take = Take::open(options->take, options->up);
        return options->headless ? run_headless(take, *options, start) : run_viewer(take, *options, start);
    } catch (const UsageError& error) {
        fmt::print(stderr, "volumen-play: {}\n", error.what());
        return kUsageStatus;
    } catch (const std::exception& error) {
        fmt::print(stderr, "volumen-play: {}\n", error.what());
        return kInputStatus;
    }
}
