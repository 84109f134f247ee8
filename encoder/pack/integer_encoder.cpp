#include "encoder/pack/integer_encoder.h"

#include <algorithm>
#include <vector>

#include "encoder/pack/rans_encoder.h"
#include "formats/coding/integers.h"

namespace volumen {

void write_symbols(ByteWriter& out, std::span<const std::uint16_t> symbols, std::uint32_t alphabet) {
    out.append(encode_rans(symbols, alphabet));
}

void write_integers(ByteWriter& out, std::span<const std::int32_t> values) {
    std::vector<std::uint16_t> symbols;
    ByteWriter escapes;
    for (const std::int32_t value : values) {
        const std::uint32_t folded = fold(value);
        symbols.push_back(std::uint16_t(std::min<std::uint32_t>(folded, kIntegerEscape)));
        if (symbols.back() == kIntegerEscape) escapes.u32(folded);
    }
    const std::uint32_t alphabet =
        symbols.empty() ? 1 : std::uint32_t(*std::ranges::max_element(symbols)) + 1;
    write_symbols(out, symbols, alphabet);
    out.append(escapes.bytes());
}

void write_indices(ByteWriter& out, std::span<const std::uint16_t> indices, std::uint32_t entries) {
    if (entries <= kWholeIndices) return write_symbols(out, indices, entries);
    std::vector<std::uint16_t> upper, last;
    for (const std::uint16_t index : indices)
        upper.push_back(std::uint16_t(index >> 1)), last.push_back(index & 1);
    write_symbols(out, upper, (entries + 1) / 2);
    write_symbols(out, last, 2);
}

}  // namespace volumen
