// volumen-demo-take: renders the demo take's recipe into a multi-view capture.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "assets/demo/take.h"
#include "formats/core/error.h"

int main(int argc, char** argv) {
    using namespace volumen;
    demo::TakeOptions options;
    std::string output, recipe_file;
    CLI::App app{"Renders the demo take into a capture that volumen-encode reads"};
    app.add_option("-o,--output", output, "Folder of the capture")->required();
    app.add_option("--views", options.views, "Cameras around the performer")->capture_default_str();
    app.add_option("--frames", options.frames, "Frames; the dance loops")->capture_default_str();
    app.add_option("--size", options.size, "Side of the square images, pixels")->capture_default_str();
    app.add_option("--recipe", recipe_file, "Another recipe than the built-in one");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    const bool terminal = isatty(STDERR_FILENO) != 0;
    try {
        const demo::Recipe recipe =
            recipe_file.empty() ? demo::built_in_recipe() : demo::read_recipe(recipe_file);
        demo::write_take(recipe, options, output, [&](int done) {
            if (terminal)
                std::fprintf(stderr, "\rframe %d of %d%s", done, options.frames,
                             done == options.frames ? "\n" : "");
            else if (done == options.frames)
                std::fprintf(stderr, "%d frames, %d views: %s\n", options.frames, options.views,
                             output.c_str());
        });
    } catch (const UsageError& e) {
        std::fprintf(stderr, "volumen-demo-take: %s\n", e.what());
        return 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "volumen-demo-take: %s\n", e.what());
        return 1;
    }
    return 0;
}
