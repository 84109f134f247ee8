#include "formats/coding/integers.h"

#include <algorithm>

namespace volumen {

std::vector<std::uint16_t> read_symbols(ByteReader& in, std::size_t count, std::uint32_t limit,
                                        const std::string& what) {
    RansDecoder decoder(in, what);
    if (decoder.size() != count)
        throw InputError("{}: a coded array has {} symbols instead of {}; the segment is damaged", what,
                         decoder.size(), count);
    std::vector<std::uint16_t> out(count);
    decoder.decode(out);
    decoder.finish();
    if (decoder.alphabet() > limit &&
        std::ranges::any_of(out, [&](std::uint16_t symbol) { return symbol >= limit; }))
        throw InputError("{}: a coded array has a symbol beyond {}; the segment is damaged", what, limit - 1);
    return out;
}

std::vector<std::int32_t> read_integers(ByteReader& in, std::size_t count, const std::string& what) {
    const std::vector<std::uint16_t> symbols = read_symbols(in, count, kMaxRansAlphabet, what);
    std::vector<std::int32_t> out(count);
    for (std::size_t i = 0; i < count; ++i)
        out[i] = unfold(symbols[i] == kIntegerEscape ? in.u32() : symbols[i]);
    return out;
}

std::vector<std::uint16_t> read_indices(ByteReader& in, std::size_t count, std::uint32_t entries,
                                        const std::string& what) {
    if (entries <= kWholeIndices) return read_symbols(in, count, entries, what);
    std::vector<std::uint16_t> out = read_symbols(in, count, (entries + 1) / 2, what);
    const std::vector<std::uint16_t> last = read_symbols(in, count, 2, what);
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = std::uint16_t(out[i] << 1 | last[i]);
        if (out[i] >= entries)
            throw InputError("{}: an index is beyond its {} entries; the segment is damaged", what, entries);
    }
    return out;
}

}  // namespace volumen
