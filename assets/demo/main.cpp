// volumen-demo-take: renders the demo take's recipe into a multi-view capture.
#include <unistd.h>

#include <cstdio>

#include "assets/demo/take.h"
#include "formats/program/program.h"

int main(int argc, char** argv) {
    using namespace volumen;
    return run_program("volumen-demo-take", [&] {
        demo::TakeOptions options;
        std::string output, recipe_file;
        CLI::App app{"Renders the demo take into a capture that volumen-encode reads", "volumen-demo-take"};
        app.add_option("-o,--output", output, "Folder of the capture")->required();
        app.add_option("--views", options.views, "Cameras around the performer")->capture_default_str();
        app.add_option("--frames", options.frames, "Frames; the dance loops")->capture_default_str();
        app.add_option("--size", options.size, "Side of the square images, pixels")->capture_default_str();
        app.add_option("--lamp-swing", options.lamp_swing,
                       "Degrees that the lamp swings to either side, once a second")
            ->capture_default_str();
        app.add_option("--recipe", recipe_file, "Another recipe than the built-in one");
        add_standard_options(app);
        if (const auto status = parse_command_line(app, argc, argv)) return *status;
        const bool terminal = isatty(STDERR_FILENO) != 0;
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
        return int(kExitDone);
    });
}
