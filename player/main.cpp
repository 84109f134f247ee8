// volumen-play: plays a stream or a cloud in a window, or renders it into files.
#include <chrono>

#include "formats/program/program.h"
#include "player/headless.h"
#include "player/options.h"
#include "player/source/take.h"
#include "player/view/viewer.h"

int main(int argc, char** argv) {
    using namespace volumen;
    const auto start = std::chrono::steady_clock::now();
    return run_program("volumen-play", [&] {
        const auto options = parse_options(argc, argv);
        if (!options) return int(kExitDone);
        const Take take = Take::open(options->take, options->up);
        return options->headless ? run_headless(take, *options, start) : run_viewer(take, *options, start);
    });
}
