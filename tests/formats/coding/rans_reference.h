// FORMAT.md, section 6.5, once more: slowly, in the order of the text, sharing nothing with the decoder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace volumen {

/// The symbols of one coded array, which is all of `bytes`; nothing where the text does not allow them.
std::optional<std::vector<std::uint16_t>> reference_rans(std::span<const std::uint8_t> bytes);

/// The same of a coded array that `bytes` begin with; `used`: how many of them it is.
std::optional<std::vector<std::uint16_t>> reference_rans(std::span<const std::uint8_t> bytes,
                                                         std::size_t& used);

}  // namespace volumen
