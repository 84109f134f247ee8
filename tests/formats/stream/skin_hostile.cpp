// Segments of joints and skin that are cut, spoilt, or that lie: an InputError or a decoded result, nothing
// else, and no memory for what is only claimed.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>

#include "formats/coding/integers.h"
#include "formats/core/error.h"
#include "formats/stream/limits.h"
#include "tests/formats/stream/largest_request.h"
#include "tests/formats/stream/skin_generator.h"
#include "tests/formats/stream/stream_files.h"

using namespace volumen;

namespace {

/// The most that a claim may make the reader ask for at once, bytes: the joints that a segment may have
/// take 1.5 MiB.
constexpr std::size_t kMostAskedFor = 2 << 20;

/// A segment's chunks, to be spoilt and put together again with right checksums.
struct Parts {
    GeneratedSkin of;
    std::map<std::string, Bytes> raw;

    explicit Parts(GeneratedSkin g) : of(std::move(g)) {
        of.luma.clear();
        const Chunks chunks(of.bytes,
                            {kSkinLayout, kJoints, kFirstFrame, kMeans, kCodebooks[0], kCodebooks[1],
                             kCodebooks[2], kCodebooks[3], kPictureChecksums},
                            "generated");
        for (const char* type : {kSkinLayout, kJoints, kFirstFrame, kMeans, kCodebooks[0], kCodebooks[1],
                                 kCodebooks[2], kCodebooks[3], kPictureChecksums})
            if (chunks.has(type)) raw[type] = chunks.unpack_up_to(type, kMaxSegmentBytes);
    }
    std::string refusal() const {
        ByteWriter out;
        // As they are, not behind zstd: that is what takes time.
        for (const auto& [type, bytes] : raw) {
            for (const char letter : type) out.u8(std::uint8_t(letter));
            out.u32(2), out.u32(std::uint32_t(bytes.size())), out.u32(std::uint32_t(bytes.size()));
            out.u32(crc32(bytes)), out.append(bytes);
        }
        try {
            read_skin_segment(out.bytes(), of.entry, of.header, "segment");
        } catch (const InputError& error) {
            return error.what();
        }
        return "";
    }
};

void put(Bytes& bytes, std::size_t at, std::uint64_t v, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes.at(at + i) = std::uint8_t(v >> (8 * i));
}

constexpr SkinSizes kSmall{.splats = 20, .joints = 9, .frames = 6, .entries = 5, .sh_degree = 1};

/// Offsets of what the layout counts.
constexpr std::size_t kSplatsAt = 0, kJointsAt = 4, kDegreeAt = 8, kOriginAt = 12, kShiftAt = 36,
                      kPicturesAt = 37, kColumnsAt = 38, kRowsAt = 40;

}  // namespace

TEST_CASE("skin: every truncated prefix of a segment is refused") {
    constexpr unsigned kSeed = 31;
    MESSAGE("seed " << kSeed);
    SkinGenerator generate(kSeed);
    for (int i = 0; i < 4; ++i) {
        const GeneratedSkin g = generate.next(kSmall);
        for (std::size_t size = 0; size < g.bytes.size(); ++size)
            REQUIRE_THROWS_AS(read_skin_segment(std::span(g.bytes).first(size), g.entry, g.header, "segment"),
                              InputError);
    }
}

TEST_CASE("skin: every truncated prefix of a chunk's contents is refused, and so is a byte too many") {
    constexpr unsigned kSeed = 32;
    MESSAGE("seed " << kSeed);
    SkinGenerator generate(kSeed);
    const Parts whole(generate.next(kSmall));
    REQUIRE(whole.refusal() == "");
    for (const auto& [type, bytes] : whole.raw) {
        CAPTURE(type);
        Parts spoilt = whole;
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            spoilt.raw[type].assign(bytes.begin(), bytes.begin() + std::ptrdiff_t(size));
            REQUIRE(spoilt.refusal() != "");
        }
        spoilt.raw[type] = bytes;
        spoilt.raw[type].push_back(0);
        CHECK(spoilt.refusal() != "");
        spoilt.raw.erase(type);
        CHECK(spoilt.refusal().find("lacks chunk " + type) != std::string::npos);
    }
}

TEST_CASE("skin: counts that lie are refused before memory is taken") {
    SkinGenerator generate(33);
    const Parts whole(generate.next(kSmall));
    largest_request = 0;
    struct Lie {
        std::size_t at, size;
        std::uint64_t value;
    };
    for (const Lie& lie : {Lie{kSplatsAt, 4, 21},
                           Lie{kJointsAt, 4, 0},
                           Lie{kJointsAt, 4, 10},
                           Lie{kJointsAt, 4, 1u << 16},
                           Lie{kJointsAt, 4, (1u << 16) + 1},
                           Lie{kJointsAt, 4, 0xffffffff},
                           Lie{kDegreeAt, 4, 0},
                           Lie{kDegreeAt, 4, 2},
                           Lie{kOriginAt, 4, 0x7fc00000},
                           Lie{kOriginAt, 4, 0x7f800000},
                           Lie{kOriginAt + 12, 4, 0x4f000000},
                           Lie{kShiftAt, 1, 9},
                           Lie{kPicturesAt, 1, 0},
                           Lie{kPicturesAt, 1, 7},
                           Lie{kPicturesAt, 1, 255},
                           Lie{kColumnsAt, 2, 5},
                           Lie{kColumnsAt, 2, 0},
                           Lie{kColumnsAt, 2, 65535},
                           Lie{kRowsAt, 2, 0},
                           Lie{kRowsAt, 2, 65535}}) {
        CAPTURE(lie.at);
        CAPTURE(lie.value);
        Parts spoilt = whole;
        put(spoilt.raw[kSkinLayout], lie.at, lie.value, lie.size);
        CHECK(spoilt.refusal() != "");
    }
    // Where header and index lie alike.
    for (const std::uint32_t splats : {kMaxSkinSplats, kMaxSkinSplats + 1, 0xffffffffu}) {
        Parts spoilt = whole;
        put(spoilt.raw[kSkinLayout], kSplatsAt, splats, 4);
        put(spoilt.raw[kSkinLayout], kRowsAt, std::uint64_t(spoilt.of.header.atlas_height), 2);
        spoilt.of.header.max_splats = spoilt.of.entry.splat_count = splats;
        CHECK(spoilt.refusal() != "");
    }
    Parts many = whole;
    many.of.entry.frame_count = kMaxSegmentFrames;
    put(many.raw[kSkinLayout], kJointsAt, kMaxJointPoses / kMaxSegmentFrames + 1, 4);
    CHECK(many.refusal().find("joint count") != std::string::npos);
    for (const std::uint64_t entries :
         {std::uint64_t(0), std::uint64_t(6), std::uint64_t(kMaxCodebookEntries),
          std::uint64_t(kMaxCodebookEntries) + 1, std::uint64_t(65535)}) {
        Parts spoilt = whole;
        put(spoilt.raw[kCodebooks[1]], 0, entries, 2);
        CHECK(spoilt.refusal() != "");
    }
    // A chunk that claims to unpack to half a gigabyte.
    Bytes bytes = whole.of.bytes;
    put(bytes, 12, kMaxSegmentBytes, 4);
    CHECK_THROWS_AS(read_skin_segment(bytes, whole.of.entry, whole.of.header, "segment"), InputError);
    CHECK(largest_request < kMostAskedFor);
}

TEST_CASE("skin: a lie inside a coded array is refused before memory is taken") {
    SkinGenerator generate(34);
    const Parts whole(generate.next(kSmall));
    largest_request = 0;
    // Every four bytes of every chunk as the largest count, and as one that rANS allows.
    for (const auto& [type, bytes] : whole.raw)
        for (std::size_t at = 0; at + 4 <= bytes.size(); ++at)
            for (const std::uint32_t claim : {0xffffffffu, 1u << 27, 0x00ffffffu}) {
                Parts spoilt = whole;
                put(spoilt.raw[type], at, claim, 4);
                const std::string ignored = spoilt.refusal();
            }
    CHECK(largest_request < kMostAskedFor);
}

TEST_CASE("skin: more changes than a segment may have") {
    SkinGenerator generate(35);
    Parts spoilt(generate.next(kSmall));
    const Bytes& book = spoilt.raw[kCodebooks[0]];
    ByteReader in(book, "book");
    in.take(2 + 3 * 8);
    read_symbols(in, 3 * kSmall.entries, 256, "book");
    read_indices(in, kSmall.splats, kSmall.entries, "book");
    const Bytes head(book.begin(), book.begin() + std::ptrdiff_t(in.position()));
    const auto refusal = [&](const std::vector<std::int32_t>& counts, const std::vector<std::int32_t>& gaps) {
        ByteWriter out;
        out.append(head);
        write_integers(out, counts);
        write_integers(out, gaps);
        write_indices(out, std::vector<std::uint16_t>(gaps.size()), kSmall.entries);
        spoilt.raw[kCodebooks[0]] = out.release();
        return spoilt.refusal();
    };
    CHECK(refusal({0, 0, 0, 0, 0}, {}) == "");
    CHECK(refusal({0, 2, 0, 0, 1}, {19, 0, 19}).find("a change's splat") != std::string::npos);
    CHECK(refusal({0, 2, 0, 0, 1}, {18, 0, 19}) == "");
    CHECK(refusal({0, 1, 0, 0, 0}, {20}).find("a change's splat") != std::string::npos);
    CHECK(refusal({0, 1, 0, 0, 0}, {-1}).find("a change's splat") != std::string::npos);
    CHECK(refusal({0, 2, 0, 0, 0}, {5, -1}).find("a change's splat") != std::string::npos);
    CHECK(refusal({21, 0, 0, 0, 0}, {}).find("a frame's changes") != std::string::npos);
    CHECK(refusal({-1, 0, 0, 0, 0}, {}).find("a frame's changes") != std::string::npos);
    CHECK(refusal({2147483647, 2147483647, 0, 0, 0}, {}).find("a frame's changes") != std::string::npos);
    CHECK(refusal({1, 0, 0, 0}, {0}) != "");
}

TEST_CASE("skin: joints that own too many or too few splats, and places beyond the grid") {
    SkinGenerator generate(36);
    Parts spoilt(generate.next({.splats = 4, .joints = 2, .frames = 1, .sh_degree = 0}));
    const auto refusal = [&](const std::vector<std::int32_t>& owned, const std::vector<std::int32_t>& off) {
        ByteWriter out;
        write_integers(out, owned);
        for (int a = 0; a < 3; ++a) write_integers(out, off);
        for (int a = 0; a < 3; ++a) write_symbols(out, std::vector<std::uint16_t>(4), 256);
        spoilt.raw[kFirstFrame] = out.release();
        return spoilt.refusal();
    };
    CHECK(refusal({4, 0}, {0, 0, 0, 0}) == "");
    CHECK(refusal({0, 4}, {0, 0, 0, 0}) == "");
    CHECK(refusal({2, 3}, {0, 0, 0, 0}).find("a joint's splats") != std::string::npos);
    CHECK(refusal({2, 1}, {0, 0, 0, 0}).find("the joints' splats") != std::string::npos);
    CHECK(refusal({5, -1}, {0, 0, 0, 0}).find("a joint's splats") != std::string::npos);
    CHECK(refusal({2147483647, 2147483647}, {0, 0, 0, 0}).find("a joint's splats") != std::string::npos);
    CHECK(refusal({4, 0}, {0, 0, 2 * kMaxPlace, 0}).find("a splat's place") != std::string::npos);
    CHECK(refusal({4, 0}, {0, 0, 0, std::numeric_limits<std::int32_t>::min()}).find("a splat's place") !=
          std::string::npos);

    // The joints' own: modes, first places, and motion that adds up.
    Parts moving(generate.next({.splats = 4, .joints = 2, .frames = 3, .sh_degree = 0}));
    put(moving.raw[kSkinLayout], kShiftAt, 0, 1);
    const auto motion = [&](std::uint8_t mode, std::int32_t first, std::uint16_t residual) {
        ByteWriter out;
        for (int c = 0; c < 6; ++c) out.u8(c ? 0 : mode);
        for (int a = 0; a < 3; ++a) write_integers(out, std::vector<std::int32_t>{a ? 0 : first, 0});
        for (int c = 0; c < 6; ++c) write_symbols(out, std::vector<std::uint16_t>(4, c ? 0 : residual), 2048);
        moving.raw[kJoints] = out.release();
        ByteWriter owned;
        write_integers(owned, std::vector<std::int32_t>{4, 0});
        for (int a = 0; a < 3; ++a) write_integers(owned, std::vector<std::int32_t>(4));
        for (int a = 0; a < 3; ++a) write_symbols(owned, std::vector<std::uint16_t>(4), 256);
        moving.raw[kFirstFrame] = owned.release();
        return moving.refusal();
    };
    CHECK(motion(0, 0, 0) == "");
    CHECK(motion(kMotionParent | 12, 0, 4) == "");
    CHECK(motion(13, 0, 0).find("mode") != std::string::npos);
    CHECK(motion(32, 0, 0).find("mode") != std::string::npos);
    CHECK(motion(0, kMaxPlace, 0) == "");
    CHECK(motion(0, -kMaxPlace, 0) == "");
    CHECK(motion(0, kMaxPlace + 1, 0).find("a joint's place") != std::string::npos);
    CHECK(motion(0, kMaxPlace, 2).find("a joint's place") != std::string::npos);
    // -1024 · 2^12 a frame, twice that for joint 1, whose parent is joint 0.
    CHECK(motion(12, 0, 2047) == "");
    CHECK(motion(kMotionParent | 12, 0, 2047).find("a joint's place") != std::string::npos);
    put(moving.raw[kSkinLayout], kShiftAt, 8, 1);
    CHECK(motion(0, kMaxPlace >> 8, 0) == "");
    CHECK(motion(0, (kMaxPlace >> 8) + 1, 0).find("a joint's place") != std::string::npos);
    CHECK(motion(0, kMaxPlace >> 8, 2).find("a joint's place") != std::string::npos);
}

TEST_CASE("skin: codebooks beyond the SH degree are refused") {
    SkinGenerator generate(37);
    Parts spoilt(generate.next(kSmall));
    spoilt.raw[kCodebooks[2]] = spoilt.raw[kCodebooks[1]];
    CHECK(spoilt.refusal().find("beyond its SH degree") != std::string::npos);
}

TEST_CASE("skin: 3,000 spoilt contents behind right checksums: refused, or decoded") {
    constexpr unsigned kSeed = 38;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    SkinGenerator generate(kSeed);
    std::optional<Parts> whole;
    int decoded = 0;
    for (int i = 0; i < 3000; ++i) {
        if (i % 100 == 0)
            whole.emplace(generate.next({.splats = 1 + std::uint32_t(random() % 20),
                                         .frames = 1 + std::uint32_t(random() % 5),
                                         .entries = 3,
                                         .sh_degree = 0}));
        Parts spoilt = *whole;
        auto chunk = std::next(spoilt.raw.begin(), std::ptrdiff_t(random() % spoilt.raw.size()));
        for (std::uint32_t flips = 1 + std::uint32_t(random() % 3); flips; --flips)
            chunk->second[random() % chunk->second.size()] ^= std::uint8_t(1u << random() % 8);
        decoded += spoilt.refusal().empty();
    }
    // Otherwise heads are wrong, and contents were never looked at.
    CHECK(decoded > 100);
}
