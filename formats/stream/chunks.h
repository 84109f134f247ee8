// What a segment's bytes in the side file consist of. FORMAT.md, section 6.4, has the bytes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "formats/core/bytes.h"

namespace volumen {

/// Appends a chunk that readers must know: `raw` as it is, or behind zstd where that is smaller. `type` has
/// four letters.
void write_chunk(ByteWriter& out, const char* type, std::span<const std::uint8_t> raw);

/// A segment's chunks, found and their checksums checked, not yet unpacked.
class Chunks {
  public:
    /// Splits `bytes`, which must outlive this. Types that are not among `known` are passed over where their
    /// flags allow it. Throws InputError, starting with `what`, on damage, on a type that comes twice, and on
    /// an unknown one that must be known.
    Chunks(std::span<const std::uint8_t> bytes, std::initializer_list<const char*> known, std::string what);

    bool has(const char* type) const { return find(type) != nullptr; }
    /// The unpacked bytes of a chunk that must have `size` of them. Throws InputError, also where it is not
    /// there.
    Bytes unpack(const char* type, std::uint64_t size) const;
    /// The same of a chunk that has at most `limit` of them.
    Bytes unpack_up_to(const char* type, std::uint64_t limit) const;

  private:
    struct Stored {
        const char* type = nullptr;
        std::uint32_t flags = 0, raw_size = 0;
        std::span<const std::uint8_t> bytes;
    };
    const Stored* find(const char* type) const;
    const Stored& expect(const char* type) const;
    Bytes unpack(const Stored& chunk) const;

    std::vector<Stored> chunks_;
    std::string what_;
};

/// A type and the bytes that a chunk of it takes in the file, its head included.
struct ChunkSize {
    std::string type;
    std::uint64_t bytes = 0;
};
/// Of all chunks, known or not, in their order. Throws InputError, starting with `what`.
std::vector<ChunkSize> chunk_sizes(std::span<const std::uint8_t> bytes, const std::string& what);

/// CRC-32s of pictures, four bytes each.
void write_checksums(ByteWriter& out, const char* type, std::span<const std::uint32_t> checksums);
std::vector<std::uint32_t> read_checksums(const Chunks& chunks, const char* type, std::size_t count);

}  // namespace volumen
