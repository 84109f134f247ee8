// Arrays of integers of any size behind rANS: FORMAT.md, section 6.6, has the bytes;
// encoder/pack/integer_encoder.h writes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/coding/rans.h"

namespace volumen {

/// Signed to unsigned and back, small magnitudes to small numbers: 0, -1, 1, -2, … ↔ 0, 1, 2, 3, …
constexpr std::uint32_t fold(std::int32_t v) {
    return std::uint32_t(v) << 1 ^ (v < 0 ? ~0u : 0u);
}
constexpr std::int32_t unfold(std::uint32_t v) {
    return std::int32_t(v >> 1 ^ (v & 1 ? ~0u : 0u));
}

/// The symbol for what has none of its own; the value follows after the symbols.
inline constexpr std::uint16_t kIntegerEscape = kMaxRansAlphabet - 1;
/// Entries of a table beyond which an index takes two symbols: without its last bit, and that bit.
inline constexpr std::uint32_t kWholeIndices = kMaxRansAlphabet;

/// The most bytes that so many coded symbols, integers and indices take.
std::uint64_t symbols_bound(std::uint64_t count);
std::uint64_t integers_bound(std::uint64_t count);
std::uint64_t indices_bound(std::uint64_t count);

/// A coded array of exactly `count` symbols, all below `limit`. All three throw InputError, starting with
/// `what`, on bytes that FORMAT.md does not allow; `count` bounds the memory they take.
std::vector<std::uint16_t> read_symbols(ByteReader& in, std::size_t count, std::uint32_t limit,
                                        const std::string& what);
/// `count` coded integers.
std::vector<std::int32_t> read_integers(ByteReader& in, std::size_t count, const std::string& what);
/// `count` coded indices into `entries`, at most 2 · kWholeIndices.
std::vector<std::uint16_t> read_indices(ByteReader& in, std::size_t count, std::uint32_t entries,
                                        const std::string& what);

}  // namespace volumen
