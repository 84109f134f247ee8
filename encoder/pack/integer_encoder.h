// Writes what formats/coding/integers.h reads.
#pragma once

#include <cstdint>
#include <span>

#include "formats/core/bytes.h"

namespace volumen {

void write_symbols(ByteWriter& out, std::span<const std::uint16_t> symbols, std::uint32_t alphabet);
void write_integers(ByteWriter& out, std::span<const std::int32_t> values);
/// All below `entries`, which are at most 2 · kWholeIndices.
void write_indices(ByteWriter& out, std::span<const std::uint16_t> indices, std::uint32_t entries);

}  // namespace volumen
