#include "formats/coding/integers.h"

#include <algorithm>

namespace volumen {

namespace {

/// A run of the frequency table has two exp-Golomb codes of 12 + 1 + 12 + 15 bits at most.
constexpr std::uint64_t kMaxTableBytes = kMaxRansAlphabet * 2 * 40 / 8;
constexpr std::uint64_t kWordBytes = 2, kStateBytes = 4, kEscapeBytes = 4;

}  // namespace

std::uint64_t symbols_bound(std::uint64_t count) {
    // No symbol reads more than one word.
    return kRansHeaderBytes + kMaxTableBytes + kStateBytes * kMaxRansLanes + kWordBytes * count;
}

std::uint64_t integers_bound(std::uint64_t count) {
    return symbols_bound(count) + kEscapeBytes * count;
}

std::uint64_t indices_bound(std::uint64_t count) {
    return 2 * symbols_bound(count);
}

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
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t folded = symbols[i] == kIntegerEscape ? in.u32() : symbols[i];
        if (symbols[i] == kIntegerEscape && folded < kIntegerEscape)
            throw InputError(
                "{}: an integer has two codings, the longer one was used; the segment is damaged", what);
        out[i] = unfold(folded);
    }
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
