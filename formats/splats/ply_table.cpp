#include "formats/splats/ply_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "formats/core/error.h"

namespace volumen {
namespace {

/// A header longer than this is damage: the reference trainer's 62 properties take 1.5 KB.
constexpr std::size_t kMaxHeaderBytes = 64 << 10;
/// Rows converted at a time: small enough that they stay in the cache while each column is gathered.
constexpr std::size_t kRowsAtOnce = 256;

struct TypeName {
    const char* name;
    PlyType type;
};
constexpr TypeName kTypeNames[] = {
    {"char", PlyType::int8},      {"int8", PlyType::int8},       {"uchar", PlyType::uint8},
    {"uint8", PlyType::uint8},    {"short", PlyType::int16},     {"int16", PlyType::int16},
    {"ushort", PlyType::uint16},  {"uint16", PlyType::uint16},   {"int", PlyType::int32},
    {"int32", PlyType::int32},    {"uint", PlyType::uint32},     {"uint32", PlyType::uint32},
    {"float", PlyType::float32},  {"float32", PlyType::float32}, {"double", PlyType::float64},
    {"float64", PlyType::float64}};

std::optional<PlyType> type_named(std::string_view name) {
    for (const TypeName& entry : kTypeNames)
        if (name == entry.name) return entry.type;
    return std::nullopt;
}

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> out;
    for (std::size_t at = 0; (at = line.find_first_not_of(" \t", at)) != line.npos;) {
        const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
        out.push_back(line.substr(at, end - at));
        at = end;
    }
    return out;
}

template <class T>
T load(const std::uint8_t* from, bool swap) {
    std::array<std::uint8_t, sizeof(T)> raw;
    std::memcpy(raw.data(), from, sizeof(T));
    if (swap) std::reverse(raw.begin(), raw.end());
    return std::bit_cast<T>(raw);
}

/// Calls visit with a value of the C++ type that `type` stands for.
template <class Visit>
auto with_type(PlyType type, Visit visit) {
    switch (type) {
        case PlyType::int8:
            return visit(std::int8_t{});
        case PlyType::uint8:
            return visit(std::uint8_t{});
        case PlyType::int16:
            return visit(std::int16_t{});
        case PlyType::uint16:
            return visit(std::uint16_t{});
        case PlyType::int32:
            return visit(std::int32_t{});
        case PlyType::uint32:
            return visit(std::uint32_t{});
        case PlyType::float32:
            return visit(float{});
        case PlyType::float64:
            break;
    }
    return visit(double{});
}

/// Bytes of a row, or nothing when a list makes rows differ.
std::optional<std::size_t> row_size(const PlyElement& element) {
    std::size_t size = 0;
    for (const PlyProperty& property : element.properties) {
        if (property.list_count) return std::nullopt;
        size += size_of(property.type);
    }
    return size;
}

/// The fewest bytes that a row takes in the file.
std::size_t least_row_size(const PlyElement& element, PlyFormat format) {
    std::size_t size = 0;
    for (const PlyProperty& property : element.properties)
        size += format == PlyFormat::ascii ? 2 : size_of(property.list_count.value_or(property.type));
    return size;
}

/// Reads the numbers of an ascii body one after the other.
class Tokens {
  public:
    Tokens(std::span<const std::uint8_t> bytes, std::size_t begin)
        : at_(reinterpret_cast<const char*>(bytes.data()) + begin),
          end_(reinterpret_cast<const char*>(bytes.data()) + bytes.size()) {}

    std::string_view next() {
        const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
        while (at_ < end_ && space(*at_)) ++at_;
        const char* begin = at_;
        while (at_ < end_ && !space(*at_)) ++at_;
        return {begin, std::size_t(at_ - begin)};
    }
    const char* position() const { return at_; }

  private:
    const char *at_, *end_;
};

std::optional<double> number(std::string_view token) {
    double value = 0;
    if (!token.empty() && token.front() == '+') token.remove_prefix(1);
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
    return value;
}

}  // namespace

std::size_t size_of(PlyType type) {
    return with_type(type, [](auto value) { return sizeof(value); });
}

PlyTable::PlyTable(std::span<const std::uint8_t> bytes, std::string file)
    : bytes_(bytes), file_(std::move(file)) {
    parse_header();
}

void PlyTable::parse_header() {
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()),
                                std::min(bytes_.size(), kMaxHeaderBytes));
    const auto fail_not_ply = [&] {
        throw InputError("{}: not a PLY file: it does not begin with the line \"ply\"", file_);
    };
    bool format_seen = false;
    for (std::size_t at = 0, line_number = 1;; ++line_number) {
        const std::size_t end = text.find('\n', at);
        if (end == text.npos) {
            if (line_number == 1) fail_not_ply();
            throw InputError("{}: the PLY header has no end_header line", file_);
        }
        std::string_view line = text.substr(at, end - at);
        at = end + 1;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line_number == 1) {
            if (line != "ply") fail_not_ply();
            continue;
        }
        const std::vector<std::string_view> word = words(line);
        const auto bad = [&](std::string_view why) {
            throw InputError("{}: PLY header line {}: {}", file_, line_number, why);
        };
        if (word.empty() || word[0] == "comment" || word[0] == "obj_info") continue;
        if (word[0] == "end_header") {
            data_begin_ = at;
            break;
        }
        if (word[0] == "format") {
            if (word.size() != 3 || word[2] != "1.0") bad("expected \"format <name> 1.0\"");
            if (word[1] == "ascii")
                format_ = PlyFormat::ascii;
            else if (word[1] == "binary_little_endian")
                format_ = PlyFormat::little_endian;
            else if (word[1] == "binary_big_endian")
                format_ = PlyFormat::big_endian;
            else
                bad("unknown format");
            format_seen = true;
        } else if (word[0] == "element") {
            if (word.size() != 3) bad("expected \"element <name> <count>\"");
            PlyElement element{std::string(word[1]), 0, {}};
            const auto [stop, error] =
                std::from_chars(word[2].data(), word[2].data() + word[2].size(), element.count);
            if (error != std::errc{} || stop != word[2].data() + word[2].size())
                bad("the count is not a number");
            for (const PlyElement& other : elements_)
                if (other.name == element.name) bad("the element occurs twice");
            elements_.push_back(std::move(element));
        } else if (word[0] == "property") {
            if (elements_.empty()) bad("a property before any element");
            const bool list = word.size() == 5 && word[1] == "list";
            if (!list && word.size() != 3) bad("expected \"property <type> <name>\"");
            const std::optional<PlyType> type = type_named(word[list ? 3 : 1]);
            const std::optional<PlyType> count = list ? type_named(word[2]) : std::nullopt;
            if (!type || (list && !count)) bad("unknown type");
            if (count == PlyType::float32 || count == PlyType::float64) bad("a list counted in floats");
            PlyProperty property{std::string(word.back()), *type, count};
            for (const PlyProperty& other : elements_.back().properties)
                if (other.name == property.name) bad("the property occurs twice");
            elements_.back().properties.push_back(std::move(property));
        } else {
            bad("unknown keyword");
        }
    }
    if (!format_seen) throw InputError("{}: the PLY header has no format line", file_);
}

const PlyElement& PlyTable::element(std::string_view name, std::size_t max_count) const {
    for (const PlyElement& element : elements_) {
        if (element.name != name) continue;
        if (element.count > max_count)
            throw InputError("{}: {} {} elements, but at most {} are accepted", file_, element.count, name,
                             max_count);
        // An ascii body may end without a line end: hence the one byte more.
        const std::size_t rest = bytes_.size() - data_begin_ + 1;
        const std::size_t least = least_row_size(element, format_);
        if (least > 0 && element.count > rest / least)
            throw InputError("{}: truncated: {} {} elements do not fit in the {} bytes after the header",
                             file_, element.count, name, rest - 1);
        return element;
    }
    throw InputError("{}: the PLY has no {} element", file_, name);
}

int PlyTable::find(const PlyElement& element, std::string_view name) const {
    for (std::size_t i = 0; i < element.properties.size(); ++i) {
        if (element.properties[i].name != name) continue;
        if (element.properties[i].list_count)
            throw InputError("{}: property {} is a list, expected a number", file_, name);
        return int(i);
    }
    return -1;
}

std::size_t PlyTable::locate(const PlyElement& wanted) const {
    std::size_t at = data_begin_;
    for (const PlyElement& element : elements_) {
        if (&element == &wanted) break;
        const auto truncated = [&] {
            throw InputError("{}: truncated inside its {} elements", file_, element.name);
        };
        if (element.properties.empty()) continue;
        if (format_ == PlyFormat::ascii) {
            Tokens tokens(bytes_.subspan(0, bytes_.size()), at);
            for (std::uint64_t row = 0; row < element.count; ++row)
                for (const PlyProperty& property : element.properties) {
                    double values = 1;
                    if (property.list_count) values = number(tokens.next()).value_or(-1);
                    if (!(values >= 0)) truncated();
                    for (; values >= 1; --values)
                        if (tokens.next().empty()) truncated();
                }
            at = std::size_t(tokens.position() - reinterpret_cast<const char*>(bytes_.data()));
            continue;
        }
        if (const std::optional<std::size_t> size = row_size(element)) {
            if (element.count > (bytes_.size() - at) / *size) truncated();
            at += std::size_t(element.count) * *size;
            continue;
        }
        for (std::uint64_t row = 0; row < element.count; ++row)
            for (const PlyProperty& property : element.properties) {
                std::uint64_t values = 1;
                if (property.list_count) {
                    const std::size_t size = size_of(*property.list_count);
                    if (size > bytes_.size() - at) truncated();
                    values = with_type(*property.list_count, [&](auto zero) {
                        const auto n = load<decltype(zero)>(&bytes_[at], format_ == PlyFormat::big_endian);
                        return n < 0 ? ~std::uint64_t{0} : std::uint64_t(n);
                    });
                    at += size;
                }
                if (values > (bytes_.size() - at) / size_of(property.type)) truncated();
                at += std::size_t(values) * size_of(property.type);
            }
    }
    return at;
}

void PlyTable::read(const PlyElement& element, std::span<const int> properties,
                    std::span<float* const> columns, bool keep_not_finite) const {
    const std::size_t begin = locate(element);
    if (format_ == PlyFormat::ascii)
        read_ascii(element, begin, properties, columns, keep_not_finite);
    else
        read_binary(element, begin, properties, columns, keep_not_finite);
}

void PlyTable::read_binary(const PlyElement& element, std::size_t begin, std::span<const int> properties,
                           std::span<float* const> columns, bool keep_not_finite) const {
    const std::optional<std::size_t> size = row_size(element);
    if (!size)
        throw InputError("{}: the {} element has a list property, which splats and points have not", file_,
                         element.name);
    const std::size_t count = std::size_t(element.count);
    if (*size == 0 || count == 0) return;
    if (count > (bytes_.size() - begin) / *size)
        throw InputError("{}: truncated: holds {} of its {} {} elements", file_,
                         (bytes_.size() - begin) / *size, count, element.name);
    std::vector<std::size_t> offset(element.properties.size());
    for (std::size_t i = 1; i < offset.size(); ++i)
        offset[i] = offset[i - 1] + size_of(element.properties[i - 1].type);
    const bool swap = (format_ == PlyFormat::big_endian) == (std::endian::native == std::endian::little);

    for (std::size_t row = 0; row < count; row += kRowsAtOnce) {
        const std::size_t rows = std::min(kRowsAtOnce, count - row);
        for (std::size_t c = 0; c < properties.size(); ++c) {
            const std::size_t property = std::size_t(properties[c]);
            const std::uint8_t* from = bytes_.data() + begin + row * *size + offset[property];
            float* to = columns[c] + row;
            const bool finite = with_type(element.properties[property].type, [&](auto zero) {
                bool all = true;
                for (std::size_t i = 0; i < rows; ++i, from += *size) {
                    to[i] = float(load<decltype(zero)>(from, swap));
                    all &= std::isfinite(to[i]);
                }
                return all;
            });
            if (finite || keep_not_finite) continue;
            const float* bad = std::find_if(to, to + rows, [](float v) { return !std::isfinite(v); });
            fail_not_finite(element, row + std::size_t(bad - to), properties[c]);
        }
    }
}

void PlyTable::read_ascii(const PlyElement& element, std::size_t begin, std::span<const int> properties,
                          std::span<float* const> columns, bool keep_not_finite) const {
    std::vector<float*> column_of(element.properties.size(), nullptr);
    for (std::size_t c = 0; c < properties.size(); ++c) column_of[std::size_t(properties[c])] = columns[c];
    Tokens tokens(bytes_, begin);
    for (std::size_t row = 0; row < element.count; ++row)
        for (std::size_t p = 0; p < column_of.size(); ++p) {
            if (element.properties[p].list_count)
                throw InputError("{}: the {} element has a list property, which splats and points have not",
                                 file_, element.name);
            const std::string_view token = tokens.next();
            if (token.empty()) throw InputError("{}: truncated: ends in {} {}", file_, element.name, row);
            if (!column_of[p]) continue;
            const std::optional<double> value = number(token);
            if (!value)
                throw InputError("{}: {} {}: property {} is not a number", file_, element.name, row,
                                 element.properties[p].name);
            column_of[p][row] = float(*value);
            if (!keep_not_finite && !std::isfinite(column_of[p][row])) fail_not_finite(element, row, int(p));
        }
}

void PlyTable::fail_not_finite(const PlyElement& element, std::size_t row, int property) const {
    throw InputError("{}: {} {}: property {} is NaN or infinite", file_, element.name, row,
                     element.properties[std::size_t(property)].name);
}

}  // namespace volumen
