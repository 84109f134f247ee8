#include "formats/program/manual.h"

#include <fmt/ranges.h>

#include "formats/core/error.h"

namespace volumen {
namespace {

/// "auto|none" lists choices; "FILE" and "N or WxH" say what is wanted.
std::vector<std::string> choices_of(const std::string& type) {
    if (type.find('|') == std::string::npos) return {};
    return CLI::detail::split(type, '|');
}

std::string usage(const CLI::App& command, const std::string& name) {
    std::string out = name + " [OPTIONS]";
    for (const ManualOption& option : manual_options(command)) {
        if (option.required && !option.positional)
            out += fmt::format(" {} {}", option.names.front(), option.value);
        if (option.positional)
            out += (option.required ? " " : " [") + option.names.front() + (option.required ? "" : "]");
    }
    return out;
}

/// Text as roff shows it: no escapes, no requests.
std::string roff(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
            out += std::string("\\&") + c;
        else
            out += c;
    }
    return out;
}

std::string man_options(const CLI::App& command) {
    std::string out;
    for (const ManualOption& option : manual_options(command)) {
        std::vector<std::string> names;
        for (const std::string& name : option.names)
            names.push_back((option.positional ? "\\fI" : "\\fB") + roff(name) + "\\fR");
        out += fmt::format(".TP\n{}", fmt::join(names, ", "));
        if (!option.value.empty() && !option.positional)
            out += fmt::format(" \\fI{}\\fR", roff(option.value));
        if (option.required && !option.positional) out += " (required)";
        out += fmt::format("\n{}\n", roff(option.description));
    }
    return out;
}

}  // namespace

std::vector<ManualOption> manual_options(const CLI::App& command) {
    std::vector<ManualOption> out;
    for (const CLI::Option* option : command.get_options()) {
        if (option->get_group().empty()) continue;  // hidden
        ManualOption& o = out.emplace_back();
        o.positional = !option->nonpositional();
        for (const std::string& name : option->get_snames()) o.names.push_back("-" + name);
        for (const std::string& name : option->get_lnames()) o.names.push_back("--" + name);
        if (o.positional) o.names = {option->get_name(true)};
        if (option->get_items_expected_max() > 0) {
            o.value = option->get_type_name();
            // A range follows its type: "INT:INT in [0 - 3]".
            if (o.value.find(" in [") != std::string::npos) o.value = o.value.substr(0, o.value.find(':'));
            o.choices = choices_of(o.value);
        }
        o.description = option->get_description();
        if (!option->get_default_str().empty())
            o.description += fmt::format(" (default {})", option->get_default_str());
        o.required = option->get_required();
    }
    return out;
}

std::vector<const CLI::App*> manual_commands(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::string summary(const CLI::App& app) {
    std::string line = app.get_description();
    line = line.substr(0, line.find('\n'));
    if (line.ends_with('.')) line.pop_back();
    return line;
}

std::string man_page(const CLI::App& app, const std::string& version) {
    const std::string name = app.get_name();
    std::string title = name;
    std::transform(title.begin(), title.end(), title.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    std::string out = fmt::format(".TH {} 1 \"\" \"Volumen {}\" \"Volumen\"\n", title, version);
    out += fmt::format(".SH NAME\n{} \\- {}\n", roff(name), roff(summary(app)));
    out += fmt::format(".SH SYNOPSIS\n.nf\n{}\n", roff(usage(app, name)));
    for (const CLI::App* command : manual_commands(app))
        out += roff(usage(*command, name + " " + command->get_name())) + "\n";
    out += fmt::format(".fi\n.SH DESCRIPTION\n{}\n", roff(app.get_description()));
    out += ".SH OPTIONS\n" + man_options(app);
    if (!manual_commands(app).empty()) out += ".SH COMMANDS\n";
    for (const CLI::App* command : manual_commands(app))
        out += fmt::format(".SS {} {}\n{}\n{}", roff(name), roff(command->get_name()),
                           roff(command->get_description()), man_options(*command));
    if (!app.get_footer().empty()) out += fmt::format(".SH NOTES\n.nf\n{}\n.fi\n", roff(app.get_footer()));
    out +=
        ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nthe input, or where the output goes, is at fault: one line "
        "says what, "
        "where and what to do\n.TP\n2\nwrong usage\n.TP\n128 + N\nstopped by signal N: 130 by Ctrl\\-C\n";
    std::vector<std::string> others;
    for (const char* other : {"volumen-encode", "volumen-play", "volumen-probe"})
        if (name != other) others.push_back(fmt::format("\\fB{}\\fR(1)", roff(other)));
    out += fmt::format(".SH SEE ALSO\n{}\n", fmt::join(others, ", "));
    return out;
}

std::string manual(const CLI::App& app, const std::string& kind, const std::string& version) {
    if (kind == "man") return man_page(app, version);
    if (kind == "bash") return bash_completion(app);
    if (kind == "zsh") return zsh_completion(app);
    if (kind == "fish") return fish_completion(app);
    throw UsageError("--manual {}: there are man, bash, zsh and fish", kind);
}

}  // namespace volumen
