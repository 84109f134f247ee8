// Pieces of the self-contained HTML reports.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "formats/core/image.h"

namespace volumen {

/// The style sheet that all reports share.
extern const char* const kReportStyle;

/// Replaces every {{name}} of a template. Throws InputError for a name without a value.
std::string fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& values);

/// A picture within the page, with its name below; `format`: ".png" or ".jpg".
std::string html_picture(const Image8& image, const std::string& name, const char* format = ".png");
/// A box with a title and anything in it.
std::string card(const std::string& title, const std::string& body);
/// A figure, its unit and what it is.
std::string tile_html(const std::string& value, const std::string& unit, const std::string& name);
/// A table's row.
std::string row(const std::string& name, const std::string& value);

/// A dash where there is no number.
std::string number(double value, int decimals);
std::string number(std::optional<double> value, int decimals);
/// 12 345: thousands apart, by thin spaces.
std::string grouped(std::size_t value);
/// Bytes in the unit that suits them.
std::string size_text(double bytes);

}  // namespace volumen
