#include "formats/stream/chunks.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "formats/core/file.h"
#include "formats/stream/source.h"

namespace volumen {

namespace {

constexpr std::uint32_t kFlagZstd = 1, kFlagCritical = 2;
/// The slowest level that still keeps up with the video encoder.
constexpr int kZstdLevel = 19;
constexpr std::size_t kTypeBytes = 4, kHeadBytes = 20;

struct Head {
    std::string type;
    std::uint32_t flags = 0, size = 0, raw_size = 0, crc = 0;
};

Head read_head(ByteReader& in) {
    const auto type = in.take(kTypeBytes);
    Head head{.type = {type.begin(), type.end()}};
    head.flags = in.u32(), head.size = in.u32(), head.raw_size = in.u32(), head.crc = in.u32();
    return head;
}

}  // namespace

void write_chunk(ByteWriter& out, const char* type, std::span<const std::uint8_t> raw) {
    Bytes stored(ZSTD_compressBound(raw.size()));
    const std::size_t size = ZSTD_compress(stored.data(), stored.size(), raw.data(), raw.size(), kZstdLevel);
    const bool smaller = !ZSTD_isError(size) && size < raw.size();
    if (smaller)
        stored.resize(size);
    else
        stored.assign(raw.begin(), raw.end());
    for (std::size_t i = 0; i < kTypeBytes; ++i) out.u8(std::uint8_t(type[i]));
    out.u32(smaller ? kFlagZstd | kFlagCritical : kFlagCritical);
    out.u32(std::uint32_t(stored.size())), out.u32(std::uint32_t(raw.size()));
    out.u32(crc32(stored));
    out.append(stored);
}

Chunks::Chunks(std::span<const std::uint8_t> bytes, std::initializer_list<const char*> known,
               std::string what)
    : what_(std::move(what)) {
    ByteReader in(bytes, what_);
    while (in.remaining()) {
        const Head head = read_head(in);
        const auto stored = in.take(head.size);
        if (!checksum_holds(stored, head.crc))
            throw InputError("{}: a chunk's checksum is wrong; the segment is damaged", what_);
        const auto type = std::ranges::find_if(known, [&](const char* name) { return head.type == name; });
        if (type == known.end()) {
            if (head.flags & kFlagCritical)
                throw InputError("{}: has a chunk that this version does not know; use a newer one", what_);
            continue;
        }
        if (find(*type)) throw InputError("{}: has chunk {} twice; the segment is damaged", what_, *type);
        chunks_.push_back({*type, head.flags, head.raw_size, stored});
    }
}

const Chunks::Stored* Chunks::find(const char* type) const {
    const auto at = std::ranges::find_if(
        chunks_, [&](const Stored& chunk) { return std::strcmp(chunk.type, type) == 0; });
    return at == chunks_.end() ? nullptr : &*at;
}

const Chunks::Stored& Chunks::expect(const char* type) const {
    const Stored* chunk = find(type);
    if (!chunk) throw InputError("{}: lacks chunk {}; the segment is damaged", what_, type);
    return *chunk;
}

Bytes Chunks::unpack(const Stored& chunk) const {
    if (!(chunk.flags & kFlagZstd) && chunk.bytes.size() == chunk.raw_size)
        return {chunk.bytes.begin(), chunk.bytes.end()};
    Bytes raw(chunk.raw_size);
    if (!(chunk.flags & kFlagZstd) ||
        ZSTD_decompress(raw.data(), raw.size(), chunk.bytes.data(), chunk.bytes.size()) != chunk.raw_size)
        throw InputError("{}: chunk {} does not have {} bytes; the segment is damaged", what_, chunk.type,
                         chunk.raw_size);
    return raw;
}

Bytes Chunks::unpack(const char* type, std::uint64_t size) const {
    const Stored& chunk = expect(type);
    if (chunk.raw_size != size)
        throw InputError("{}: chunk {} does not have {} bytes; the segment is damaged", what_, type, size);
    return unpack(chunk);
}

Bytes Chunks::unpack_up_to(const char* type, std::uint64_t limit) const {
    const Stored& chunk = expect(type);
    if (chunk.raw_size > limit)
        throw InputError("{}: chunk {} has {} bytes, {} at most are possible; the segment is damaged", what_,
                         type, chunk.raw_size, limit);
    return unpack(chunk);
}

std::vector<ChunkSize> chunk_sizes(std::span<const std::uint8_t> bytes, const std::string& what) {
    std::vector<ChunkSize> out;
    ByteReader in(bytes, what);
    while (in.remaining()) {
        const Head head = read_head(in);
        in.take(head.size);
        out.push_back({head.type, kHeadBytes + std::uint64_t(head.size)});
    }
    return out;
}

void write_checksums(ByteWriter& out, const char* type, std::span<const std::uint32_t> checksums) {
    ByteWriter raw;
    for (const std::uint32_t crc : checksums) raw.u32(crc);
    write_chunk(out, type, raw.bytes());
}

std::vector<std::uint32_t> read_checksums(const Chunks& chunks, const char* type, std::size_t count) {
    const Bytes bytes = chunks.unpack(type, std::uint64_t(count) * 4);
    ByteReader in(bytes, type);
    std::vector<std::uint32_t> out(count);
    for (std::uint32_t& crc : out) crc = in.u32();
    return out;
}

}  // namespace volumen
