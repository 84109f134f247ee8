// Truncated and corrupted copies of the golden streams: an InputError or a decoded result, nothing else.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "formats/core/error.h"
#include "formats/stream/side.h"
#include "tests/formats/media/temporary_folder.h"
#include "tests/formats/stream/stream_files.h"

using namespace volumen;

namespace {

struct Golden {
    std::filesystem::path path;
    int frames;
    std::vector<std::string> videos = {"atlas.mp4"};

    std::vector<std::string> files() const {
        std::vector<std::string> all{"manifest.mpd", "side.vol"};
        all.insert(all.end(), videos.begin(), videos.end());
        return all;
    }
};
const Golden kAtlas{VOLUMEN_GOLDEN "/v1", 5}, kJoints{VOLUMEN_GOLDEN "/v1_joints", 12},
    kTracks{VOLUMEN_GOLDEN "/v1_tracks", 5, {"atlas.mp4", "atlas-1.mp4"}};

/// A copy of a golden stream, and how to break it.
class Victim {
  public:
    explicit Victim(const Golden& golden) {
        for (const std::string& name : golden.files()) {
            original_[name] = read_bytes(golden.path / name);
            write_bytes(folder_ / name, original_[name]);
        }
    }
    const Bytes& original(const std::string& name) const { return original_.at(name); }
    void put(const std::string& name, std::span<const std::uint8_t> bytes) {
        write_bytes(folder_ / name, bytes);
    }
    void restore(const std::string& name) { put(name, original_.at(name)); }

    /// Opens and decodes every segment; returns how many frames came, or -1 when it does not open. Every
    /// exception but InputError is the test's failure.
    int decode() const {
        int frames = 0;
        try {
            const Stream stream = Stream::open(folder_.path());
            FrameDecoder decoder(stream, 0, HwAccel::none);
            for (const SegmentInfo& segment : stream.segments()) {
                decoder.seek(segment.first_frame);
                try {
                    for (int i = 0; i < segment.frame_count; ++i)
                        if (const auto frame = decoder.next()) frames += reconstruct(*frame).count > 0;
                } catch (const InputError&) {
                }
            }
        } catch (const InputError&) {
            return -1;
        }
        return frames;
    }
    VerifyReport verified() const {
        try {
            return verify(folder_.path());
        } catch (const InputError& error) {
            return {0, 0, {error.what()}};
        }
    }

  private:
    TemporaryFolder folder_;
    std::map<std::string, Bytes> original_;
};

void put_u32(Bytes& bytes, std::size_t at, std::uint32_t v) {
    for (std::size_t i = 0; i < 4 && at + i < bytes.size(); ++i) bytes[at + i] = std::uint8_t(v >> (8 * i));
}
std::uint32_t get_u32(const Bytes& bytes, std::size_t at) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < 4 && at + i < bytes.size(); ++i) v |= std::uint32_t(bytes[at + i]) << (8 * i);
    return v;
}

/// Makes all checksums of a side file right again, as an attacker would, wherever its structure allows.
/// `videos`: whose checksums it holds.
void forge_checksums(Bytes& side, const std::vector<Bytes>& videos) {
    const auto part = [](const Bytes& b, std::uint64_t at, std::uint64_t size) {
        const std::size_t begin = std::size_t(std::min<std::uint64_t>(at, b.size()));
        return std::span(b).subspan(begin, std::size_t(std::min<std::uint64_t>(size, b.size() - begin)));
    };
    const std::uint32_t json_size = get_u32(side, 12), count = std::min(get_u32(side, 20), 2u);
    const std::size_t index = 32 + std::size_t(json_size);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::size_t entry = index + 48 * i;
        if (entry + 48 > side.size()) break;
        put_u32(side, entry + 12,
                crc32(part(videos.front(), get_u32(side, entry + 32), get_u32(side, entry + 40))));
        std::uint64_t at = get_u32(side, entry + 16);
        const std::uint64_t end = at + get_u32(side, entry + 24);
        while (at + 20 <= std::min<std::uint64_t>(end, side.size())) {
            const std::uint32_t size = get_u32(side, std::size_t(at) + 8);
            put_u32(side, std::size_t(at) + 16, crc32(part(side, at + 20, size)));
            at += 20 + std::uint64_t(size);
        }
    }
    if (const std::size_t further = videos.size() - 1) {
        const std::size_t tracks = index + 48 * std::size_t(get_u32(side, 20));
        for (std::uint32_t i = 0; i < count; ++i)
            for (std::size_t t = 0; t < further; ++t) {
                const std::size_t entry = tracks + 4 + 20 * (i * further + t);
                put_u32(side, entry,
                        crc32(part(videos[t + 1], get_u32(side, entry + 4), get_u32(side, entry + 12))));
            }
        put_u32(side, tracks, crc32(part(side, tracks + 4, 20 * further * get_u32(side, 20))));
    }
    put_u32(side, 16, crc32(part(side, 32, json_size)));
    put_u32(side, 24, crc32(part(side, index, 48 * std::uint64_t(get_u32(side, 20)))));
    put_u32(side, 28, crc32(part(side, 0, 28)));
}

void flip_some(Bytes& bytes, std::mt19937& random, std::size_t begin = 0) {
    const int flips = 1 + int(random() % 4);
    for (int i = 0; i < flips; ++i)
        bytes[begin + random() % (bytes.size() - begin)] ^= std::uint8_t(1u << random() % 8);
}

}  // namespace

TEST_CASE("every truncated prefix of manifest and side file is refused or costs its segment") {
    for (const Golden& golden : {kAtlas, kJoints, kTracks}) {
        Victim victim(golden);
        CHECK(victim.decode() == golden.frames);
        for (const std::string name : {"manifest.mpd", "side.vol"}) {
            const Bytes& whole = victim.original(name);
            // The manifest's last byte is a line end.
            const std::size_t end = name == "side.vol" ? whole.size() : whole.size() - 1;
            // Of what is longer, every byte of the header; skin_hostile.cpp has every prefix of segments.
            constexpr std::size_t kEach = 4000, kStride = 29;
            for (std::size_t size = 0; size < end; size += size < kEach ? 1 : kStride) {
                victim.put(name, std::span(whole).first(size));
                REQUIRE(victim.decode() < golden.frames);
            }
            victim.restore(name);
        }
    }
}

TEST_CASE("truncated prefixes of the video files") {
    for (const auto& [golden, name] : {std::pair(kAtlas, "atlas.mp4"), std::pair(kTracks, "atlas-1.mp4")}) {
        Victim victim(golden);
        const Bytes& whole = victim.original(name);
        constexpr std::size_t kHeader = 900, kStride = 13;
        for (std::size_t size = 0; size < whole.size(); size += size < kHeader ? 1 : kStride) {
            victim.put(name, std::span(whole).first(size));
            REQUIRE(victim.decode() < golden.frames);
            if (size % 97 == 0) REQUIRE(!victim.verified().problems.empty());
        }
    }
}

TEST_CASE("1,500 random corruptions: noticed, or without effect") {
    constexpr unsigned kSeed = 2026;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    const Golden goldens[] = {kAtlas, kJoints, kTracks};
    Victim victims[] = {Victim(kAtlas), Victim(kJoints), Victim(kTracks)};
    for (int i = 0; i < 1500; ++i) {
        Victim& victim = victims[i % 3];
        const std::vector<std::string> files = goldens[i % 3].files();
        const std::string name = files[random() % files.size()];
        Bytes bytes = victim.original(name);
        flip_some(bytes, random);
        if (random() % 8 == 0) bytes.resize(random() % bytes.size());
        victim.put(name, bytes);
        REQUIRE(victim.decode() <= goldens[i % 3].frames);
        victim.restore(name);
    }
}

TEST_CASE("forged checksums: the side file's parser stands alone") {
    constexpr unsigned kSeed = 7;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    for (const Golden& golden : {kAtlas, kJoints, kTracks}) {
        Victim victim(golden);
        std::vector<Bytes> videos;
        for (const std::string& name : golden.videos) videos.push_back(victim.original(name));
        int survived = 0;
        for (int i = 0; i < 1000; ++i) {
            Bytes bytes = victim.original("side.vol");
            flip_some(bytes, random);
            forge_checksums(bytes, videos);
            victim.put("side.vol", bytes);
            const int frames = victim.decode();
            REQUIRE(frames <= golden.frames);
            survived += frames > 0;
        }
        // Otherwise the forgery does not work, and the test tests nothing.
        CHECK(survived > 100);
    }
}

TEST_CASE("forged checksums: damaged video is refused or decodes, and verify notices") {
    constexpr unsigned kSeed = 8;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    Victim victim(kAtlas);
    int decoded = 0, unnoticed = 0;
    for (int i = 0; i < 400; ++i) {
        Bytes video = victim.original("atlas.mp4"), side = victim.original("side.vol");
        flip_some(video, random, i % 2 ? 0 : 800);
        forge_checksums(side, {video});
        victim.put("atlas.mp4", video);
        victim.put("side.vol", side);
        const int frames = victim.decode();
        REQUIRE(frames <= kAtlas.frames);
        decoded += frames > 0;
        if (i % 4 == 0) unnoticed += victim.verified().problems.empty();
    }
    CHECK(decoded > 40);
    // Bits that mean nothing (reserved fields, padding) may change unseen.
    CHECK(unnoticed < 30);
}
