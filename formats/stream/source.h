// Where a stream's bytes come from: a struct of functions, so that files, memory and networks share one path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "formats/core/bytes.h"

namespace volumen {

/// `read(offset, count)` returns exactly `count` bytes or throws InputError; callers stay inside `size`.
struct ByteSource {
    std::string name;  ///< for messages
    std::uint64_t size = 0;
    std::function<Bytes(std::uint64_t offset, std::uint64_t count)> read;
};

/// A regular file. Throws InputError when it cannot be opened.
ByteSource file_source(const std::filesystem::path& file);

/// CRC-32 (IEEE 802.3, reflected, as in zlib and PNG).
std::uint32_t crc32(std::span<const std::uint8_t> bytes);
/// Whether that is their CRC-32. Always so in fuzzing builds: what lies behind a checksum is reached by the
/// fuzzer too.
bool checksum_holds(std::span<const std::uint8_t> bytes, std::uint32_t crc);

}  // namespace volumen
