// Symbols to code, and what they weigh.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace volumen {

using Symbols = std::vector<std::uint16_t>;

/// Residuals about the middle of the alphabet, clamped to it. `width`: mean distance, in levels. The
/// generator's bits are used as they come, so that the symbols are the same with every standard library.
inline Symbols laplace_symbols(std::size_t count, double width, std::uint32_t alphabet,
                               std::mt19937& random) {
    Symbols out(count);
    for (std::uint16_t& symbol : out) {
        const double distance = -width * std::log((double(random()) + 0.5) / 4294967296.0);
        const double value = alphabet / 2 + (random() & 1 ? distance : -distance);
        symbol = std::uint16_t(std::clamp(std::floor(value + 0.5), 0.0, double(alphabet - 1)));
    }
    return out;
}

/// Small numbers, each `ratio` times as frequent as the one before.
inline Symbols geometric_symbols(std::size_t count, double ratio, std::uint32_t alphabet,
                                 std::mt19937& random) {
    Symbols out(count);
    for (std::uint16_t& symbol : out) {
        const double value = std::log((double(random()) + 0.5) / 4294967296.0) / std::log(ratio);
        symbol = std::uint16_t(std::min(std::floor(value), double(alphabet - 1)));
    }
    return out;
}

inline Symbols uniform_symbols(std::size_t count, std::uint32_t alphabet, std::mt19937& random) {
    Symbols out(count);
    for (std::uint16_t& symbol : out) symbol = std::uint16_t(random() % alphabet);
    return out;
}

/// The order-0 entropy of all symbols together, in bytes: of their own frequencies, the table left out.
inline double entropy_bytes(std::span<const std::uint16_t> symbols) {
    std::vector<std::size_t> counts(65536);
    for (const std::uint16_t symbol : symbols) ++counts[symbol];
    double bits = 0;
    for (const std::size_t count : counts)
        if (count) bits -= double(count) * std::log2(double(count) / double(symbols.size()));
    return bits / 8;
}

}  // namespace volumen
