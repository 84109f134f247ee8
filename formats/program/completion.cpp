// Completion of the command line in bash, zsh and fish.
#include <fmt/ranges.h>

#include <algorithm>

#include "formats/program/manual.h"

namespace volumen {
namespace {

constexpr const char* kFolder = "FOLDER";
constexpr const char* kFile = "FILE";

/// The program without a command, then each command.
std::vector<std::pair<std::string, const CLI::App*>> contexts(const CLI::App& app) {
    std::vector<std::pair<std::string, const CLI::App*>> out{{"", &app}};
    for (const CLI::App* command : manual_commands(app)) out.emplace_back(command->get_name(), command);
    return out;
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> out;
    for (const CLI::App* command : manual_commands(app)) out.push_back(command->get_name());
    return out;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
    return text;
}

/// In single quotes, for bash and zsh.
std::string quoted(const std::string& text) {
    return "'" + replaced(text, "'", "'\\''") + "'";
}

/// In single quotes, for fish.
std::string fish_quoted(const std::string& text) {
    return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

/// A name that shells take for a function's.
std::string function_name(const CLI::App& app) {
    return "_" + replaced(app.get_name(), "-", "_");
}

/// The bash command that proposes an option's value.
std::string bash_value(const ManualOption& option) {
    if (!option.choices.empty())
        return fmt::format("-W {}", quoted(fmt::format("{}", fmt::join(option.choices, " "))));
    if (option.value == kFolder) return "-d";
    if (option.value == kFile) return "-f";
    return "-W ''";
}

std::string zsh_value(const ManualOption& option) {
    const std::string name = option.positional ? option.names.front() : option.value;
    std::string values = " ";  // nothing to propose
    if (!option.choices.empty()) values = fmt::format("({})", fmt::join(option.choices, " "));
    if (option.value == kFolder) values = "_files -/";
    if (option.value == kFile) values = "_files";
    return ":" + replaced(name, ":", "\\:") + ":" + values;
}

/// The arguments of zsh's _arguments.
std::string zsh_specifications(const CLI::App& command) {
    std::string out;
    for (const ManualOption& option : manual_options(command)) {
        std::string text = option.description;
        for (const char* special : {"\\", "[", "]", ":"})
            text = replaced(text, special, std::string("\\") + special);
        if (option.positional) {
            out += " \\\n    " + quoted(zsh_value(option));
            continue;
        }
        const std::string exclusive = fmt::format("({})", fmt::join(option.names, " "));
        for (const std::string& name : option.names)
            out += " \\\n    " + quoted(fmt::format("{}{}[{}]{}", exclusive, name, text,
                                                    option.value.empty() ? "" : zsh_value(option)));
    }
    return out;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
    const std::string function = function_name(app);
    const std::vector<std::string> commands = command_names(app);
    std::string values, options;
    for (const auto& [name, command] : contexts(app)) {
        std::vector<std::string> names;
        for (const ManualOption& option : manual_options(*command)) {
            if (option.positional) continue;
            names.insert(names.end(), option.names.begin(), option.names.end());
            for (const std::string& own : option.names)
                if (!option.value.empty())
                    values +=
                        fmt::format("        {}:{}) proposals=({}) ;;\n", name, own, bash_value(option));
        }
        options += fmt::format("        {}) options={} ;;\n", name.empty() ? "''" : name,
                               quoted(fmt::format("{}", fmt::join(names, " "))));
    }
    std::string out = fmt::format("# bash completion for {}\n{}() {{\n", app.get_name(), function);
    out +=
        "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' "
        "options='' "
        "commands='' word\n    local -a proposals=()\n    COMPREPLY=()\n";
    if (!commands.empty())
        out += fmt::format(
            "    for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n        case $word in {}) "
            "command=$word; break "
            ";; esac\n    done\n    [ \"$COMP_CWORD\" -ne 1 ] || commands={}\n",
            fmt::join(commands, "|"), quoted(fmt::format("{}", fmt::join(commands, " "))));
    out += "    case $command:$before in\n" + values + "    esac\n    case $command in\n" + options +
           "    esac\n";
    out +=
        "    if [ ${#proposals[@]} -gt 0 ]; then :\n"
        "    elif [[ $current == -* ]]; then proposals=(-W \"$options\")\n"
        "    else proposals=(-f -W \"$commands\"); fi\n"
        "    mapfile -t COMPREPLY < <(compgen \"${proposals[@]}\" -- \"$current\")\n}\n";
    return out + fmt::format("complete -o filenames -F {} {}\n", function, app.get_name());
}

std::string zsh_completion(const CLI::App& app) {
    std::string out = fmt::format("#compdef {}\n", app.get_name());
    const std::vector<std::string> commands = command_names(app);
    if (commands.empty()) return out + "_arguments -s" + zsh_specifications(app) + "\n";
    out += "case ${words[2]} in\n";
    for (const auto& [name, command] : contexts(app))
        if (!name.empty())
            out += fmt::format(
                "  {})\n    words=(\"${{(@)words[2,-1]}}\"); (( CURRENT-- ))\n    _arguments -s{}\n    ;;\n",
                name, zsh_specifications(*command));
    out += fmt::format("  *)\n    (( CURRENT != 2 )) || compadd -- {}\n    _arguments -s{}\n    ;;\nesac\n",
                       fmt::join(commands, " "), zsh_specifications(app));
    return out;
}

std::string fish_completion(const CLI::App& app) {
    const std::vector<std::string> commands = command_names(app);
    const std::string begin = "complete -c " + app.get_name();
    std::string out = fmt::format("# fish completion for {}\n", app.get_name());
    for (const CLI::App* command : manual_commands(app))
        out += fmt::format("{} -n __fish_use_subcommand -a {} -d {}\n", begin, command->get_name(),
                           fish_quoted(summary(*command)));
    for (const auto& [name, command] : contexts(app)) {
        std::string condition;
        if (!commands.empty())
            condition = name.empty() ? fmt::format(" -n 'not __fish_seen_subcommand_from {}'",
                                                   fmt::join(commands, " "))
                                     : fmt::format(" -n '__fish_seen_subcommand_from {}'", name);
        for (const ManualOption& option : manual_options(*command)) {
            if (option.positional) continue;
            out += begin + condition;
            for (const std::string& own : option.names)
                out += own.starts_with("--") ? " -l " + own.substr(2) : " -s " + own.substr(1);
            if (option.value == kFile)
                out += " -r";
            else if (option.value == kFolder)
                out += " -x -a '(__fish_complete_directories)'";
            else if (!option.value.empty())
                out += " -x";
            if (!option.choices.empty())
                out += " -a " + fish_quoted(fmt::format("{}", fmt::join(option.choices, " ")));
            out += " -d " + fish_quoted(option.description) + "\n";
        }
    }
    return out;
}

}  // namespace volumen
