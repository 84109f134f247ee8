// Binary files that a test writes.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>

namespace volumen {

/// The value's bytes, little-endian or big-endian.
template <class T>
std::string bytes_of(T value, bool big_endian = false) {
    const auto raw = std::bit_cast<std::array<char, sizeof(T)>>(value);
    std::string out(raw.begin(), raw.end());
    if (big_endian != (std::endian::native == std::endian::big)) out.assign(out.rbegin(), out.rend());
    return out;
}

inline std::span<const std::uint8_t> as_bytes(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace volumen
