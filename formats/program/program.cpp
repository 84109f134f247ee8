#include "formats/program/program.h"

#include <csignal>
#include <cstdio>
#include <cstring>

#include "formats/core/error.h"
#include "formats/program/manual.h"

namespace volumen {
namespace {

constexpr const char* kVersion =
#include "version_description.inc"
    ;

volatile std::sig_atomic_t waiting_signal = 0;

void note_signal(int signal) {
    waiting_signal = signal;
}

/// What is left of a message's lines, as one.
std::string one_line(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

int fail(const char* name, const std::exception& error, int status) {
    fmt::print(stderr, "{}: {}\n", name, one_line(error.what()));
    return status;
}

}  // namespace

void hold_interruptions() {
    struct sigaction action {};
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESETHAND;  // the second time, the system's own way
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        sigaction(signal, nullptr, &before);
        if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);  // nohup stays nohup
    }
}

void throw_if_interrupted() {
    if (waiting_signal) throw Interrupted(int(waiting_signal), "interrupted");
}

void add_standard_options(CLI::App& app) {
    app.set_version_flag("--version", app.get_name() + " " + kVersion);
    app.add_option_function<std::string>(
           "--manual",
           [&app](const std::string& kind) {
               fmt::print("{}", manual(app, kind, kVersion));
               throw CLI::Success();
           },
           "man, bash, zsh or fish")
        ->group("");
}

std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& done) {  // --help, --version
        return app.exit(done);
    } catch (const CLI::ParseError& error) {
        throw UsageError("{} ({} --help lists the options)", one_line(error.what()), app.get_name());
    }
    return std::nullopt;
}

int run_program(const char* name, const std::function<int()>& body) {
    // A file that grows beyond a limit is an error like a full disk, not the end.
    std::signal(SIGXFSZ, SIG_IGN);
    try {
        const int status = body();
        if (std::fflush(stdout) != 0 || std::ferror(stdout))
            throw InputError("standard output: cannot be written: {}", std::strerror(errno));
        return status;
    } catch (const UsageError& error) {
        return fail(name, error, kExitUsage);
    } catch (const Interrupted& error) {
        return fail(name, error, kExitSignal + error.signal());
    } catch (const std::exception& error) {
        return fail(name, error, kExitInput);
    }
}

}  // namespace volumen
