// Writes coded arrays: formats/coding/rans.h reads them, FORMAT.md, section 6.5, has the bytes.
#pragma once

#include <cstdint>
#include <span>

#include "formats/core/bytes.h"

namespace volumen {

/// One coded array of `symbols` (any number up to kMaxRansSymbols, none included), all below `alphabet`
/// (1 to kMaxRansAlphabet). It is within 2 % of their order-0 entropy where that is a few KB. The same
/// symbols give the same bytes on every machine. Throws std::logic_error where a symbol or a count is out of
/// range.
Bytes encode_rans(std::span<const std::uint16_t> symbols, std::uint32_t alphabet);

}  // namespace volumen
