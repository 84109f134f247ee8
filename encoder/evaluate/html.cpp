#include "encoder/evaluate/html.h"

#include <fmt/format.h>

#include <cmath>

#include "encoder/evaluate/charts.h"
#include "formats/core/error.h"
#include "formats/media/image_file.h"

namespace volumen {
namespace {

std::string base64(const std::vector<std::uint8_t>& bytes) {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(bytes.size() - i, 3);
        std::uint32_t word = 0;
        for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (k < left ? bytes[i + k] : 0u);
        for (std::size_t k = 0; k < 4; ++k) out += k <= left ? kDigits[word >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

}  // namespace

std::string html_picture(const Image8& image, const std::string& name, const char* format) {
    return fmt::format(
        "<figure><img alt=\"{0}\" width=\"{1}\" height=\"{2}\" src=\"data:image/{4};base64,{3}\">"
        "<figcaption>{0}</figcaption></figure>",
        escape_html(name), image.width, image.height, base64(encode_image(image, format)),
        format == std::string(".jpg") ? "jpeg" : "png");
}

std::string number(double value, int decimals) {
    return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "–";
}

std::string number(std::optional<double> value, int decimals) {
    return number(value.value_or(NAN), decimals);
}

std::string grouped(std::size_t value) {
    std::string digits = fmt::format("{}", value), out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) out += "\u202f";
        out += digits[i];
    }
    return out;
}

std::string size_text(double bytes) {
    if (bytes >= 1e6) return fmt::format("{:.2f} MB", bytes / 1e6);
    if (bytes >= 1e3) return fmt::format("{:.1f} kB", bytes / 1e3);
    return fmt::format("{:.0f} B", bytes);
}

std::string tile_html(const std::string& value, const std::string& unit, const std::string& name) {
    return fmt::format("<div class=\"tile\"><b>{}<small>{}</small></b><span>{}</span></div>",
                       escape_html(value), escape_html(unit), escape_html(name));
}

std::string card(const std::string& title, const std::string& body) {
    return fmt::format("<section class=\"card\"><h2>{}</h2>{}</section>", escape_html(title), body);
}

std::string row(const std::string& name, const std::string& value) {
    return fmt::format("<tr><th>{}</th><td>{}</td></tr>", escape_html(name), escape_html(value));
}

std::string fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
    std::string out;
    for (;;) {
        const std::size_t begin = text.find("{{"), end = text.find("}}", begin);
        if (begin == text.npos || end == text.npos) return out.append(text);
        const auto value = values.find(text.substr(begin + 2, end - begin - 2));
        if (value == values.end())
            throw InputError("the report's template names {}, which there is not",
                             text.substr(begin, end + 2 - begin));
        out.append(text.substr(0, begin)).append(value->second);
        text.remove_prefix(end + 2);
    }
}

}  // namespace volumen
