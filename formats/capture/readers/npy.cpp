#include "formats/capture/readers/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <string_view>

#include "formats/core/bytes.h"
#include "formats/core/error.h"

namespace volumen {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "\x93NUMPY"sv;
/// NumPy pads its headers to 64 bytes; more than this is not a header of numbers.
constexpr std::size_t kMaxHeader = 4096, kMaxDimensions = 8;
/// 1024 cameras of 17 numbers are 17 thousand.
constexpr std::size_t kMaxValues = 1u << 20;

struct Header {
    bool big_endian = false, fortran = false;
    std::size_t bytes_each = 0;
    std::vector<std::size_t> shape;
};

/// What follows 'key': in the header, a Python dictionary.
std::string_view value_of(std::string_view text, const char* key, const std::string& file) {
    for (const char quote : {'\'', '"'}) {
        const std::string quoted = quote + std::string(key) + quote;
        std::size_t at = text.find(quoted);
        if (at == text.npos) continue;
        at = text.find_first_not_of(" \t", at + quoted.size());
        if (at == text.npos || text[at] != ':') break;
        at = text.find_first_not_of(" \t", at + 1);
        if (at == text.npos) break;
        return text.substr(at);
    }
    throw InputError("{}: its header has no {}: not an array that NumPy saved", file, key);
}

Header read_header(std::string_view text, const std::string& file) {
    Header header;
    const std::string_view kind = value_of(text, "descr", file);
    if (kind.size() < 5 || (kind[0] != '\'' && kind[0] != '"') || kind[4] != kind[0] || kind[2] != 'f' ||
        "<>=|"sv.find(kind[1]) == std::string_view::npos || (kind[3] != '4' && kind[3] != '8'))
        throw InputError("{}: holds neither float32 nor float64: save it with .astype(float)", file);
    header.bytes_each = std::size_t(kind[3] - '0');
    header.big_endian = kind[1] == '>' || (kind[1] == '=' && std::endian::native == std::endian::big);
    header.fortran = value_of(text, "fortran_order", file).starts_with("True");
    std::string_view shape = value_of(text, "shape", file);
    const std::size_t end = shape.find(')');
    if (!shape.starts_with('(') || end == shape.npos) throw InputError("{}: its shape cannot be read", file);
    shape = shape.substr(1, end - 1);
    while (!shape.empty()) {
        const std::size_t start = shape.find_first_not_of(" ,\t");
        if (start == shape.npos) break;
        shape.remove_prefix(start);
        std::size_t side = 0;
        const auto [stop, error] = std::from_chars(shape.data(), shape.data() + shape.size(), side);
        if (error != std::errc{} || header.shape.size() == kMaxDimensions)
            throw InputError("{}: its shape cannot be read", file);
        header.shape.push_back(side);
        shape.remove_prefix(std::size_t(stop - shape.data()));
    }
    return header;
}

double read_value(std::span<const std::uint8_t> bytes, bool big_endian) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bits |= std::uint64_t(bytes[big_endian ? bytes.size() - 1 - i : i]) << (8 * i);
    return bytes.size() == 8 ? std::bit_cast<double>(bits)
                             : double(std::bit_cast<float>(std::uint32_t(bits)));
}

}  // namespace

NpyArray parse_npy(std::span<const std::uint8_t> bytes, const std::string& file) {
    ByteReader in(bytes, file);
    const auto text = [&](std::size_t count) {
        const auto taken = in.take(count);
        return std::string_view(reinterpret_cast<const char*>(taken.data()), taken.size());
    };
    if (bytes.size() < kMagic.size() || text(kMagic.size()) != kMagic)
        throw InputError("{}: not an array that NumPy saved (.npy)", file);
    const int version = in.u8();
    in.u8();  // minor
    if (version < 1 || version > 3) throw InputError("{}: .npy version {} is not known", file, version);
    const std::size_t length = version == 1 ? in.u16() : in.u32();
    if (length > kMaxHeader) throw InputError("{}: a header of {} bytes is damaged", file, length);
    const Header header = read_header(text(length), file);

    std::size_t count = 1;
    for (const std::size_t side : header.shape) {
        if (side > kMaxValues || count * side > kMaxValues)
            throw InputError("{}: more than {} numbers", file, kMaxValues);
        count *= side;
    }
    if (in.remaining() != count * header.bytes_each)
        throw InputError("{}: its shape wants {} bytes, but {} follow the header: it is cut short or damaged",
                         file, count * header.bytes_each, in.remaining());
    NpyArray out{header.shape, std::vector<double>(count)};
    // Where the value stands that the file has next: in Fortran order the first index runs fastest.
    std::vector<std::size_t> index(header.shape.size(), 0);
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t to = 0;
        for (std::size_t d = 0; d < index.size(); ++d) to = to * header.shape[d] + index[d];
        out.values[to] = read_value(in.take(header.bytes_each), header.big_endian);
        for (std::size_t k = 0; k < index.size(); ++k) {
            const std::size_t d = header.fortran ? k : index.size() - 1 - k;
            if (++index[d] < header.shape[d]) break;
            index[d] = 0;
        }
    }
    return out;
}

}  // namespace volumen
