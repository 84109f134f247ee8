#include "tests/formats/coding/rans_reference.h"

#include <stdexcept>

namespace volumen {

namespace {

struct Refused {};

void must(bool holds) {
    if (!holds) throw Refused{};
}

struct Input {
    std::span<const std::uint8_t> bytes;
    std::size_t bit = 0;  ///< read so far

    std::uint64_t little_endian(std::size_t at, std::size_t size) const {
        must(at + size <= bytes.size());
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;) value = value * 256 + bytes[at + i];
        return value;
    }
    std::uint64_t next(std::uint64_t count) {
        std::uint64_t value = 0;
        for (; count; --count, ++bit) {
            must(bit / 8 < bytes.size());
            value = 2 * value + (bytes[bit / 8] >> (7 - bit % 8) & 1);
        }
        return value;
    }
    std::uint64_t exp_golomb(std::uint64_t k) {
        std::uint64_t q = 0;
        for (; !next(1); ++q) must(q < 12);
        const std::uint64_t a = next(q), b = next(k);
        return (((std::uint64_t{1} << q) + a - 1) << k) + b;
    }
};

std::vector<std::uint16_t> decode(Input in, std::size_t& used) {
    const std::uint64_t n = in.little_endian(0, 4), alphabet = in.little_endian(4, 2);
    const std::uint64_t first = in.little_endian(6, 2), runs = in.little_endian(8, 2);
    const std::uint64_t run_order = in.little_endian(10, 1) % 16, level_order = in.little_endian(10, 1) / 16;
    const std::uint64_t bits = in.little_endian(11, 1) % 16, lanes_log = in.little_endian(11, 1) / 16;
    const std::uint64_t words = in.little_endian(12, 4);
    must(n <= 1u << 27 && alphabet >= 1 && alphabet <= 4096 && first < alphabet && runs <= alphabet - first);
    must((runs == 0) == (n == 0));

    in.bit = 16 * 8;
    std::vector<std::uint64_t> weight(alphabet);
    std::uint64_t symbol = first;
    std::int64_t level = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        const std::int64_t c = std::int64_t(in.exp_golomb(level_order));
        const std::uint64_t d = in.exp_golomb(run_order);
        level += c % 2 ? -(c / 2 + 1) : c / 2 + 1;
        must(level >= 0 && level <= 104);
        for (std::uint64_t i = 0; i < d + 1; ++i) {
            must(symbol < alphabet);
            weight[symbol++] =
                level < 16 ? std::uint64_t(level) : std::uint64_t(8 + level % 8) << (level / 8 - 1);
        }
    }
    must(!runs || level != 0);
    while (in.bit % 8) must(in.next(1) == 0);
    const std::size_t payload = in.bit / 8;
    used = payload + 2 * words;
    must(used <= in.bytes.size());

    std::uint64_t sum = 0, present = 0;
    for (const std::uint64_t w : weight) sum += w, present += w > 0;
    if (present < 2) {
        must(sum == present && !bits && !lanes_log && !words);
        return std::vector<std::uint16_t>(n, std::uint16_t(first));
    }
    must(bits >= 8 && bits <= 15 && sum <= 1u << bits && lanes_log <= 6);
    const std::uint64_t lanes = 1u << lanes_log;
    must(words >= 2 * lanes);
    std::vector<std::uint64_t> start;
    std::uint64_t below = 0;
    for (const std::uint64_t w : weight) start.push_back((below << bits) / sum), below += w;
    start.push_back(std::uint64_t{1} << bits);
    std::vector<std::uint64_t> state(lanes);
    for (std::uint64_t lane = 0; lane < lanes; ++lane) {
        state[lane] = in.little_endian(payload + 4 * lane, 4);
        must(state[lane] >= 65536);
    }
    std::uint64_t word = 2 * lanes;
    std::vector<std::uint16_t> out;
    for (std::uint64_t i = 0; i < n; ++i) {
        std::uint64_t& x = state[i % lanes];
        const std::uint64_t slot = x % (1u << bits);
        std::uint64_t s = 0;
        while (start[s + 1] <= slot) ++s;
        x = (start[s + 1] - start[s]) * (x >> bits) + slot - start[s];
        if (x < 65536) {
            must(word < words);
            x = x * 65536 + in.little_endian(payload + 2 * word++, 2);
        }
        out.push_back(std::uint16_t(s));
    }
    must(word == words);
    for (const std::uint64_t x : state) must(x == 65536);
    return out;
}

}  // namespace

std::optional<std::vector<std::uint16_t>> reference_rans(std::span<const std::uint8_t> bytes,
                                                         std::size_t& used) {
    try {
        return decode({bytes}, used);
    } catch (const Refused&) {
        return {};
    }
}

std::optional<std::vector<std::uint16_t>> reference_rans(std::span<const std::uint8_t> bytes) {
    std::size_t used = 0;
    auto out = reference_rans(bytes, used);
    if (used != bytes.size()) return {};
    return out;
}

}  // namespace volumen
