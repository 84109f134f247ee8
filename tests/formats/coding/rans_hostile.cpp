// Damaged and made-up coded arrays: an InputError or symbols of the alphabet, as the reference says.
#include <doctest/doctest.h>

#include <optional>

#include "encoder/pack/rans_encoder.h"
#include "formats/coding/rans.h"
#include "tests/formats/coding/rans_reference.h"
#include "tests/formats/coding/symbols.h"

using namespace volumen;

namespace {

/// Damage to the count may ask for this much at most: the rest of a test would be waiting.
constexpr std::uint32_t kMostSymbols = 1u << 17;

/// What the decoder makes of bytes, or nothing where it refuses them. Every exception but InputError is the
/// test's failure, and so is a symbol outside the alphabet.
std::optional<Symbols> try_decode(std::span<const std::uint8_t> bytes) {
    try {
        ByteReader in(bytes, "array");
        RansDecoder decoder(in, "array");
        if (in.remaining()) return {};
        Symbols out;
        Symbols piece;
        while (decoder.remaining() && out.size() < kMostSymbols) {
            piece.assign(std::min<std::size_t>(777, decoder.remaining()), 0xffff);
            decoder.decode(piece);
            REQUIRE(*std::max_element(piece.begin(), piece.end()) < decoder.alphabet());
            out.insert(out.end(), piece.begin(), piece.end());
        }
        decoder.finish();
        return out;
    } catch (const InputError&) {
        return {};
    }
}

std::uint32_t symbol_count(std::span<const std::uint8_t> bytes) {
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | std::uint32_t(bytes[3]) << 24;
}

std::vector<Bytes> victims(std::mt19937& random) {
    return {encode_rans({}, 12),
            encode_rans(Symbols(40, 5), 12),
            encode_rans(uniform_symbols(100, 2, random), 2),
            encode_rans(laplace_symbols(300, 3, 64, random), 64),
            encode_rans(laplace_symbols(1000, 30, 2048, random), 2048),
            encode_rans(geometric_symbols(5000, 0.4, 4096, random), 4096),
            encode_rans(uniform_symbols(400, 4096, random), 4096)};
}

}  // namespace

TEST_CASE("every truncation is refused") {
    std::mt19937 random(1);
    for (const Bytes& whole : victims(random)) {
        REQUIRE(try_decode(whole));
        for (std::size_t size = 0; size < whole.size(); ++size)
            REQUIRE(!try_decode(std::span(whole).first(size)));
    }
}

TEST_CASE("12,000 single-byte corruptions: the decoder and the reference agree") {
    constexpr unsigned kSeed = 41;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    const std::vector<Bytes> all = victims(random);
    int accepted = 0;
    for (int i = 0; i < 12'000; ++i) {
        Bytes bytes = all[random() % all.size()];
        // Half of them where it hurts: header and table.
        const std::size_t range = random() % 2 ? bytes.size() : std::min<std::size_t>(bytes.size(), 60);
        bytes[random() % range] ^= std::uint8_t(1 + random() % 255);
        const std::optional<Symbols> decoded = try_decode(bytes);
        if (symbol_count(bytes) > kMostSymbols) continue;
        REQUIRE(decoded == reference_rans(bytes));
        accepted += decoded.has_value();
    }
    // Unused alphabet, another symbol for the only one: legal arrays all. Otherwise the test tests nothing.
    CHECK(accepted > 40);
    CHECK(accepted < 6'000);
}

TEST_CASE("a corrupted payload rarely goes unnoticed") {
    constexpr unsigned kSeed = 42;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    const Bytes whole = encode_rans(laplace_symbols(5000, 10, 2048, random), 2048);
    const std::size_t payload = whole.size() - 2 * (whole[12] | whole[13] << 8);
    int unnoticed = 0;
    for (int i = 0; i < 3000; ++i) {
        Bytes bytes = whole;
        bytes[payload + random() % (bytes.size() - payload)] ^= std::uint8_t(1 + random() % 255);
        unnoticed += try_decode(bytes).has_value();
    }
    // Neighbours of one frequency swap with no trace in the states; a checksum around the array sees that.
    CHECK(unnoticed < 60);
}

TEST_CASE("made-up headers and tables: the decoder and the reference agree") {
    constexpr unsigned kSeed = 43;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    int accepted = 0;
    for (int i = 0; i < 20'000; ++i) {
        ByteWriter out;
        const std::uint32_t alphabet = 1 + std::uint32_t(random() % 40);
        out.u32(std::uint32_t(random() % 3 ? random() % 200 : 0));
        out.u16(std::uint16_t(alphabet)), out.u16(std::uint16_t(random() % alphabet));
        out.u16(std::uint16_t(random() % 5));
        out.u8(std::uint8_t(random() % 4 | (random() % 4) << 4));
        const std::uint32_t lanes_log = std::uint32_t(random() % 3);
        const std::uint32_t bits = std::uint32_t(random() % 4 ? 8 + random() % 8 : 0);
        const std::uint32_t words = bits ? std::uint32_t(2u << lanes_log) + std::uint32_t(random() % 3) : 0;
        out.u8(std::uint8_t(bits | (bits ? lanes_log << 4 : 0)));
        out.u32(words);
        for (std::uint32_t n = std::uint32_t(random() % 4); n; --n) out.u8(std::uint8_t(random()));
        for (std::uint32_t n = 0; n < words; ++n) out.u16(std::uint16_t(n < 4 && n % 2 ? 1 : random() % 8));
        const std::optional<Symbols> decoded = try_decode(out.bytes());
        REQUIRE(decoded == reference_rans(out.bytes()));
        accepted += decoded.has_value();
    }
    CHECK(accepted > 40);
}
