// Coded arrays: symbols behind interleaved rANS with one static frequency table. FORMAT.md, section 6.5, has
// the bytes; encoder/pack/rans_encoder.h writes them. Integers only: the same symbols on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "formats/core/bytes.h"

namespace volumen {

/// 12 bits: twice the levels of the widest residual (11 bits), the first dimension of the decoder's tables.
inline constexpr std::uint32_t kMaxRansAlphabet = 4096;
/// One attribute component of 200,000 splats in a segment of 600 frames.
inline constexpr std::uint32_t kMaxRansSymbols = 1u << 27;
/// Frequencies add up to a power of two. Below 2^8 they are too coarse for any array; above 2^15 the table of
/// slots leaves the fast caches, and a frequency no longer fits 16 bits beside its start.
inline constexpr int kMinRansBits = 8, kMaxRansBits = 15;
/// Up to 64 states: as many as the widest subgroups have invocations.
inline constexpr int kMaxRansLaneExponent = 6;
inline constexpr std::uint32_t kMaxRansLanes = 1u << kMaxRansLaneExponent;
/// A state is at least this between two symbols, and exactly this before the first symbol that was encoded,
/// which is after the last one that is decoded.
inline constexpr std::uint32_t kRansLowestState = 1u << 16;
/// Bytes in front of the frequency table.
inline constexpr std::size_t kRansHeaderBytes = 16;

/// Weights are coded as levels, which grow by an eighth at the most: 0 to 16 stand for themselves, the last
/// for 2^kMaxRansBits.
inline constexpr std::uint32_t kMaxRansLevel = 104;
constexpr std::uint32_t rans_weight(std::uint32_t level) {
    return level < 16 ? level : (8 + level % 8) << (level / 8 - 1);
}
static_assert(rans_weight(kMaxRansLevel) == 1u << kMaxRansBits);

/// From weights to starts: symbol s has the slots [start[s], start[s + 1]) of 2^bits; its frequency is their
/// number. `weights`: one a symbol, at least one of them not 0, together at most 2^bits; so each symbol with
/// a weight gets at least one slot. Returns weights.size() + 1 starts, 0 the first and 2^bits the last.
std::vector<std::uint32_t> rans_starts(std::span<const std::uint32_t> weights, int bits);

/// A coded array taken apart, for a decoder that is not this one.
struct RansArray {
    std::uint32_t size = 0;             ///< symbols
    std::uint32_t first = 0;            ///< the symbol of slot 0, and of all where there are no lanes
    int bits = 0;                       ///< 2^bits slots
    std::uint32_t lanes = 0;            ///< 0: no payload
    std::vector<std::uint32_t> starts;  ///< of the symbols from `first` on, and 2^bits behind the last
    std::vector<std::uint16_t> words;   ///< the payload, states in front
};

/// Decodes one coded array from its first symbol to its last. A copy goes on from where the original stands,
/// independently of it, so that copies are checkpoints; it takes about 300 bytes and shares the tables.
class RansDecoder {
  public:
    /// Reads the coded array where `in` stands and leaves `in` behind it. The bytes under `in` must outlive
    /// the decoder and its copies. Checks everything but the payload's contents. Throws InputError, starting
    /// with `what`, on any array that FORMAT.md does not allow. Takes at most 150 KB of memory, whatever the
    /// bytes say.
    RansDecoder(ByteReader& in, std::string what);

    std::uint32_t alphabet() const;   ///< all symbols are below it: 1 to kMaxRansAlphabet
    std::uint32_t size() const;       ///< symbols in the array, up to kMaxRansSymbols; no memory backs it yet
    std::uint32_t remaining() const;  ///< symbols not decoded yet
    RansArray array() const;

    /// The next out.size() symbols. Throws InputError where fewer remain or the payload ends early; then the
    /// contents of `out` are below alphabet() or as they were, and the decoder is of no more use.
    void decode(std::span<std::uint16_t> out);
    /// After the last symbol: throws InputError unless all was decoded and the payload was used up exactly.
    /// Nearly all damage that decode() could not see is seen here; a checksum around the array sees all.
    void finish() const;

  private:
    struct Tables;

    template <bool kChecked>
    std::uint16_t* step(std::uint16_t* out, std::size_t count);

    std::shared_ptr<const Tables> tables_;
    const std::uint8_t* next_word_ = nullptr;
    std::uint32_t position_ = 0;
    std::array<std::uint32_t, kMaxRansLanes> state_{};
};

}  // namespace volumen
