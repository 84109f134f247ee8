// What the programs have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

namespace volumen {

enum ExitStatus {
    kExitDone = 0,
    kExitInput = 1,  ///< the input, or where the output goes, is at fault
    kExitUsage = 2,
    kExitSignal = 128  ///< plus the signal's number: 130 for Ctrl-C
};

/// Ended by Ctrl-C or another request to stop.
class Interrupted : public std::runtime_error {
  public:
    Interrupted(int signal, const std::string& what) : std::runtime_error(what), signal_(signal) {}
    int signal() const { return signal_; }

  private:
    int signal_;
};

/// From here on Ctrl-C, SIGTERM and SIGHUP wait for throw_if_interrupted(); a second one ends the program at
/// once.
void hold_interruptions();
/// Throws Interrupted where a signal waits.
void throw_if_interrupted();

/// Gives the program --version, and --manual with what packages install: hidden from --help.
void add_standard_options(CLI::App& app);

/// Parses; an exit status where --help and its like were asked for, and answered. Throws UsageError.
std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv);

/// Runs a program's body. What it throws becomes one line on stderr and an exit status; so does standard
/// output that cannot be written.
int run_program(const char* name, const std::function<int()>& body);

}  // namespace volumen
