// Coded arrays: what goes in comes out, in how many bytes, and whichever way it is read.
#include "formats/coding/rans.h"

#include <doctest/doctest.h>

#include <bit>
#include <fstream>
#include <numeric>
#include <sstream>

#include "encoder/pack/rans_encoder.h"
#include "tests/formats/coding/rans_reference.h"
#include "tests/formats/coding/symbols.h"

using namespace volumen;

namespace {

constexpr unsigned kSeed = 2027;

/// All of an array that is all of `bytes`.
Symbols decode_all(const Bytes& bytes) {
    ByteReader in(bytes, "array");
    RansDecoder decoder(in, "array");
    CHECK(in.remaining() == 0);
    Symbols out(decoder.size());
    decoder.decode(out);
    decoder.finish();
    return out;
}

Bytes round_trip(const Symbols& symbols, std::uint32_t alphabet) {
    const Bytes bytes = encode_rans(symbols, alphabet);
    REQUIRE(decode_all(bytes) == symbols);
    return bytes;
}

/// The bytes between the ``` lines that follow `heading` in FORMAT.md.
Bytes example_bytes(const std::string& heading) {
    std::ifstream in(VOLUMEN_FORMAT_MD);
    std::stringstream text;
    text << in.rdbuf();
    const std::string all = text.str();
    const std::size_t begin = all.find("```\n", all.find(heading)) + 4;
    std::istringstream hex(all.substr(begin, all.find("```", begin) - begin));
    Bytes out;
    for (std::string byte; hex >> byte;) out.push_back(std::uint8_t(std::stoi(byte, nullptr, 16)));
    return out;
}

}  // namespace

TEST_CASE("the coded array of FORMAT.md holds") {
    const Bytes bytes = {0x0e, 0, 0,    0,    8,    0,    1,    0,    4,    0,    0x10,
                         0x18, 6, 0,    0,    0,    0x22, 0x64, 0x55, 0x24, 0xf3, 0x33,
                         0x03, 0, 0xa6, 0x34, 0x03, 0,    0x20, 0x5f, 0xe0, 0x7f};
    CHECK(example_bytes("### 6.5 Coded arrays") == bytes);
    const Symbols symbols = {5, 2, 1, 5, 5, 5, 5, 5, 2, 5, 5, 1, 5, 5};
    CHECK(decode_all(bytes) == symbols);
    CHECK(reference_rans(bytes) == symbols);
}

TEST_CASE("the encoder's bytes are the same everywhere") {
    const Symbols symbols = {2, 1, 2, 2, 5, 2, 3, 2, 2, 1, 2, 2};
    const Bytes bytes = {12, 0, 0, 0,    8,    0,    1,    0,    2,    0, 0x40, 8,   3,
                         0,  0, 0, 0x2c, 0x27, 0xac, 0x79, 0x05, 0x1e, 0, 0xf1, 0xc9};
    CHECK(round_trip(symbols, 8) == bytes);
    // A longer one, by its checksum: many runs, gaps, all 64 lanes.
    std::mt19937 random(kSeed);
    Symbols steps(200'000);
    for (std::uint16_t& s : steps) {
        const std::uint32_t r = std::uint32_t(random());
        s = std::uint16_t(1024 + std::popcount(r) * 3 - std::popcount(r >> 20));
    }
    const Bytes coded = round_trip(steps, 2048);
    CHECK(coded[11] / 16 == kMaxRansLaneExponent);
    std::uint32_t sum = 0;
    for (const std::uint8_t byte : coded) sum = sum * 31 + byte;
    CHECK(sum == 3179824795u);
}

TEST_CASE("empty and single-symbol arrays have no payload") {
    CHECK(round_trip({}, 1).size() == kRansHeaderBytes);
    CHECK(round_trip({}, 4096).size() == kRansHeaderBytes);
    for (const std::uint32_t alphabet : {1u, 2u, 300u, 4096u})
        for (const std::size_t count : {1u, 7u, 100'000u}) {
            CHECK(round_trip(Symbols(count, std::uint16_t(alphabet - 1)), alphabet).size() ==
                  kRansHeaderBytes + 1);
            CHECK(round_trip(Symbols(count, 0), alphabet).size() == kRansHeaderBytes + 1);
        }
}

TEST_CASE("the encoder refuses what has no place in a coded array") {
    CHECK_THROWS_AS(encode_rans(Symbols{4}, 4), std::logic_error);
    CHECK_THROWS_AS(encode_rans(Symbols{}, 0), std::logic_error);
    CHECK_THROWS_AS(encode_rans(Symbols{}, kMaxRansAlphabet + 1), std::logic_error);
}

TEST_CASE("round trips: alphabets, sizes, distributions") {
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    for (const std::uint32_t alphabet : {2u, 3u, 17u, 256u, 257u, 2048u, 4095u, 4096u})
        for (const std::size_t count : {1u, 2u, 3u, 63u, 64u, 65u, 1000u, 40'000u}) {
            CAPTURE(alphabet);
            CAPTURE(count);
            round_trip(uniform_symbols(count, alphabet, random), alphabet);
            for (const double width : {0.1, 0.5, 2.0, 20.0, 300.0})
                round_trip(laplace_symbols(count, width, alphabet, random), alphabet);
            for (const double ratio : {0.01, 0.5, 0.99})
                round_trip(geometric_symbols(count, ratio, alphabet, random), alphabet);
            // Two symbols, as far apart as can be, from balanced to one in many.
            for (const std::uint32_t one_in : {2u, 100u, 30'000u}) {
                Symbols two(count);
                for (std::uint16_t& s : two) s = std::uint16_t(random() % one_in ? 0 : alphabet - 1);
                round_trip(two, alphabet);
            }
        }
}

TEST_CASE("round trips: every symbol once, one often, gaps of all lengths") {
    std::mt19937 random(kSeed);
    Symbols all(4096);
    std::iota(all.begin(), all.end(), std::uint16_t{0});
    round_trip(all, 4096);
    all.insert(all.end(), 1'000'000, 77);  // 4,096 of 32,768 slots are taken by what hardly occurs
    round_trip(all, 4096);
    Symbols gaps;
    for (std::uint32_t s = 0, step = 1; s < 4096; s += step++)
        gaps.insert(gaps.end(), 1 + random() % 500, std::uint16_t(s));
    std::shuffle(gaps.begin(), gaps.end(), random);
    round_trip(gaps, 4096);
}

TEST_CASE("a segment of 50 frames is within 2 % of its order-0 entropy") {
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    // Three positions, four components of rotation; from hardly moving to fast.
    const std::vector<double> motions[] = {{0.5, 0.6, 0.4, 0.3, 0.4, 0.5, 0.35},
                                           {6, 8, 5, 3, 4, 5, 2.5},
                                           {40, 60, 30, 15, 20, 25, 12},
                                           {200, 150, 100, 60, 80, 120, 70}};
    for (const std::size_t joints : {300u, 2000u, 15'000u})
        for (const std::vector<double>& widths : motions)
            for (const bool mixed : {false, true}) {
                double entropy = 0, bytes = 0;
                for (const double width : widths) {
                    Symbols symbols = laplace_symbols(joints * 50, width, 2048, random);
                    // Limbs that are faster than the rest: long tails.
                    if (mixed) {
                        const Symbols fast = laplace_symbols(joints * 2, 8 * width, 2048, random);
                        std::copy(fast.begin(), fast.end(), symbols.begin());
                    }
                    entropy += entropy_bytes(symbols);
                    bytes += double(round_trip(symbols, 2048).size());
                }
                MESSAGE(joints << " joints, " << std::string(mixed ? "mixed, " : "") << "entropy " << entropy
                               << " bytes, coded +" << 100 * (bytes / entropy - 1) << " %");
                CHECK(bytes <= 1.02 * entropy);
            }
}

TEST_CASE("decoding in pieces, and again from a copy") {
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    for (const std::size_t count : {500u, 20'000u, 300'000u}) {
        const Symbols symbols = laplace_symbols(count, 12, 2048, random);
        const Bytes bytes = encode_rans(symbols, 2048);
        ByteReader in(bytes, "array");
        RansDecoder decoder(in, "array");
        CHECK(decoder.size() == count);
        CHECK(decoder.alphabet() == 2048);
        std::vector<RansDecoder> checkpoints;
        Symbols out(count);
        for (std::size_t at = 0; at < count;) {
            checkpoints.push_back(decoder);
            const std::size_t piece = std::min<std::size_t>(random() % 2000, count - at);
            decoder.decode(std::span(out).subspan(at, piece));
            at += piece;
            REQUIRE(decoder.remaining() == count - at);
        }
        decoder.finish();
        REQUIRE(out == symbols);
        for (RansDecoder& checkpoint : checkpoints) {
            CHECK_THROWS_AS(checkpoint.finish(), InputError);
            Symbols rest(checkpoint.remaining());
            checkpoint.decode(rest);
            checkpoint.finish();
            REQUIRE(std::equal(rest.begin(), rest.end(), symbols.end() - std::ptrdiff_t(rest.size())));
        }
        CHECK_THROWS_AS(decoder.decode(std::span(out).first(1)), InputError);
    }
}

TEST_CASE("arrays follow each other") {
    const Symbols one = {1, 2, 3, 2, 1}, two = {}, three = {9, 9, 9};
    Bytes bytes;
    for (const Symbols& symbols : {one, two, three}) {
        const Bytes coded = encode_rans(symbols, 10);
        bytes.insert(bytes.end(), coded.begin(), coded.end());
    }
    ByteReader in(bytes, "arrays");
    for (const Symbols& symbols : {one, two, three}) {
        RansDecoder decoder(in, "arrays");
        Symbols out(decoder.size());
        decoder.decode(out);
        decoder.finish();
        CHECK(out == symbols);
    }
    CHECK(in.remaining() == 0);
}
