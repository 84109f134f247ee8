// What is told of a program besides --help, from the same description of its options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace volumen {

/// One option or positional argument, as manuals name it.
struct ManualOption {
    std::vector<std::string> names;    ///< "-o", "--output"; the name of a positional argument
    std::string value;                 ///< what follows it, as in "FOLDER"; empty: nothing
    std::vector<std::string> choices;  ///< of the value, where its type lists them, as in "draft|best"
    std::string description;
    bool positional = false, required = false;
};

/// The options that --help lists, in its order.
std::vector<ManualOption> manual_options(const CLI::App& command);
/// The commands that --help lists.
std::vector<const CLI::App*> manual_commands(const CLI::App& app);

/// The first line of what a program or command says of itself.
std::string summary(const CLI::App& app);

std::string man_page(const CLI::App& app, const std::string& version);
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);
/// One of these, by the name "man", "bash", "zsh" or "fish"; UsageError otherwise.
std::string manual(const CLI::App& app, const std::string& kind, const std::string& version);

}  // namespace volumen
