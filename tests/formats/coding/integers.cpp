#include "formats/coding/integers.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "encoder/pack/integer_encoder.h"
#include "encoder/pack/rans_encoder.h"

using namespace volumen;

namespace {

using Integers = std::vector<std::int32_t>;
using Indices = std::vector<std::uint16_t>;

Bytes integer_bytes(const Integers& values) {
    ByteWriter out;
    write_integers(out, values);
    return out.release();
}

Integers integers_back(const Bytes& bytes, std::size_t count) {
    ByteReader in(bytes, "test");
    Integers out = read_integers(in, count, "test");
    CHECK(in.remaining() == 0);
    return out;
}

}  // namespace

TEST_CASE("coded integers: all come back, escapes among them") {
    constexpr std::int32_t kLow = std::numeric_limits<std::int32_t>::min(),
                           kHigh = std::numeric_limits<std::int32_t>::max();
    for (const Integers& values :
         {Integers{}, Integers{0}, Integers{-1}, Integers{kLow}, Integers{kHigh, kLow, 0, 1, -1},
          // Folded, 2047 is 4094, the last with a symbol of its own; -2048 is 4095, the first without.
          Integers{2047, -2047, -2048, 2048, -2049}, Integers(1000, 2048), Integers(1000, 7)}) {
        const Bytes bytes = integer_bytes(values);
        CHECK(integers_back(bytes, values.size()) == values);
        CHECK(bytes.size() <= integers_bound(values.size()));
    }
    constexpr unsigned kSeed = 41;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    for (int width = 0; width < 32; ++width) {
        Integers values(500);
        for (std::int32_t& v : values) v = std::int32_t(std::uint32_t(random())) >> width;
        const Bytes bytes = integer_bytes(values);
        CHECK(integers_back(bytes, values.size()) == values);
        CHECK(bytes.size() <= integers_bound(values.size()));
    }
}

TEST_CASE("coded integers: the bound holds for the largest table that there is") {
    std::mt19937 random(42);
    // Every second symbol, with levels far apart: as many runs, and as long codes, as a table can have.
    Indices symbols;
    for (std::uint32_t s = 0; s < kMaxRansAlphabet; s += 2)
        for (std::uint32_t n = random() % 2 ? 1 : 40; n; --n) symbols.push_back(std::uint16_t(s));
    CHECK(encode_rans(symbols, kMaxRansAlphabet).size() <= symbols_bound(symbols.size()));
}

TEST_CASE("coded integers: cut, too many, too few, and escapes that need none are refused") {
    const Integers values{5, -3000, 0, 4000, 12, -2048};
    const Bytes bytes = integer_bytes(values);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const std::span<const std::uint8_t> whole(bytes);
        ByteReader in(whole.first(size), "test");
        REQUIRE_THROWS_AS(read_integers(in, values.size(), "test"), InputError);
    }
    for (const std::size_t count : {0, 5, 7}) {
        ByteReader in(bytes, "test");
        CHECK_THROWS_AS(read_integers(in, count, "test"), InputError);
    }
    Bytes short_escape = bytes;
    for (std::size_t i = 1; i <= 4; ++i) short_escape[short_escape.size() - i] = 0;
    ByteReader in(short_escape, "test");
    CHECK_THROWS_AS(read_integers(in, values.size(), "test"), InputError);
}

TEST_CASE("coded indices: all come back, in two parts above 4096 entries") {
    constexpr unsigned kSeed = 43;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    for (const std::uint32_t entries : {1u, 2u, 4095u, 4096u, 4097u, 4098u, 8191u, 8192u})
        for (const std::size_t count : {0, 1, 700}) {
            CAPTURE(entries);
            Indices indices(count);
            for (std::uint16_t& v : indices) v = std::uint16_t(random() % entries);
            if (count) indices[0] = std::uint16_t(entries - 1);
            ByteWriter out;
            write_indices(out, indices, entries);
            CHECK(out.size() <= indices_bound(count));
            ByteReader in(out.bytes(), "test");
            CHECK(read_indices(in, count, entries, "test") == indices);
            CHECK(in.remaining() == 0);
            if (!count || entries < 2) continue;
            // The last entry, where there is one less.
            ByteReader fewer(out.bytes(), "test");
            if (entries != kWholeIndices + 1)
                CHECK_THROWS_AS(read_indices(fewer, count, entries - 1, "test"), InputError);
        }
}

TEST_CASE("coded symbols: what occurs counts, not the alphabet") {
    const Indices symbols{0, 3, 3, 1};
    const Bytes bytes = encode_rans(symbols, 4096);
    ByteReader in(bytes, "test"), less(bytes, "test");
    CHECK(read_symbols(in, 4, 4, "test") == symbols);
    CHECK_THROWS_AS(read_symbols(less, 4, 3, "test"), InputError);
}
