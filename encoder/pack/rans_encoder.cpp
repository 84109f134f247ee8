#include "encoder/pack/rans_encoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "formats/coding/rans.h"

namespace volumen {

namespace {

/// Lengths are counted in 1/65536 bit, in integers, so that every machine decides alike.
using Cost = std::uint64_t;
constexpr int kCostBits = 16;
constexpr Cost kOneBit = Cost{1} << kCostBits;
constexpr Cost kNatBits = 94548;  ///< log2(e)

/// log2(1 + i / 256), for i = 0 to 256.
constexpr std::array<Cost, 257> kLog2 = [] {
    std::array<Cost, 257> table{};
    for (std::size_t i = 0; i <= 256; ++i) {
        std::uint64_t square = (256 + i) << 22;  // 30 bits behind the point
        Cost result = 0;
        for (int bit = 0; bit < kCostBits; ++bit) {
            square = square * square >> 30;
            const bool two = square >> 31;
            result = result << 1 | Cost{two};
            square >>= two;
        }
        table[i] = i == 256 ? kOneBit : result;
    }
    return table;
}();

/// log2(v), v > 0, to 2^-14 or so.
Cost log2_cost(std::uint64_t v) {
    const int exponent = int(std::bit_width(v)) - 1;
    const std::uint64_t fraction = (v << (63 - exponent) << 1) >> 48;
    const std::size_t i = fraction >> 8;
    const Cost between = (kLog2[i + 1] - kLog2[i]) * (fraction & 255) >> 8;
    return (Cost(exponent) << kCostBits) + kLog2[i] + between;
}

/// Neighbouring symbols that share one frequency.
struct Run {
    std::uint32_t length = 0;
    std::uint32_t level = 0;  ///< of each symbol's weight
    std::uint64_t count = 0;  ///< how often they occur together
};

/// A frequency table, and what it makes of the symbols.
struct Model {
    int bits = 0;
    std::uint32_t first = 0;
    std::vector<Run> runs;
    Cost cost = 0;  ///< of table and payload, estimated
};

/// What a run costs in the table: about 5 bits for its level, and the length as it is coded with order 0.
Cost run_cost(std::uint64_t length) {
    return Cost(5 + 2 * std::bit_width(length) - 1) << kCostBits;
}

/// What the payload costs for `count` of `total` symbols with one frequency for `length` of the alphabet. A
/// frequency is at least 1 of 2^bits; what that is too much, all symbols pay.
Cost payload_cost(std::uint64_t count, std::uint64_t length, std::uint64_t total, int bits) {
    if (count << bits >= length * total)
        return count * (log2_cost(total) + log2_cost(length) - log2_cost(count));
    return count * (Cost(bits) << kCostBits) + ((length * total - (count << bits)) >> bits) * kNatBits;
}

/// The cheapest division of the symbols into runs, by dynamic programming. `counts`: how often each occurs,
/// the first and the last at least once.
Model divide(std::span<const std::uint32_t> counts, int bits) {
    const std::size_t size = counts.size();
    std::vector<std::uint64_t> before(size + 1);  // counts of the symbols in front
    std::partial_sum(counts.begin(), counts.end(), before.begin() + 1, std::plus<std::uint64_t>());
    std::vector<Cost> cost(size + 1, std::numeric_limits<Cost>::max());
    std::vector<std::uint32_t> from(size + 1);
    cost[0] = 0;
    std::size_t gap_end = 0;
    for (std::size_t begin = 0; begin < size; ++begin) {
        const auto reach = [&](std::size_t end, Cost added) {
            if (cost[begin] + added >= cost[end]) return;
            cost[end] = cost[begin] + added;
            from[end] = std::uint32_t(begin);
        };
        // Absent symbols: a gap is a run without a weight only as a whole.
        if (!counts[begin] && begin >= gap_end) {
            while (!counts[gap_end = std::max(gap_end, begin)]) ++gap_end;
            reach(gap_end, run_cost(gap_end - begin));
        }
        // Above 32 symbols an eighth more or less makes no difference.
        for (std::size_t length = 1; begin + length <= size; length += 1 + (length >= 32 ? length / 8 : 0)) {
            const std::uint64_t count = before[begin + length] - before[begin];
            if (count)
                reach(begin + length, run_cost(length) + payload_cost(count, length, before[size], bits));
        }
    }
    Model model{.bits = bits, .cost = cost[size]};
    for (std::size_t end = size; end; end = from[end])
        model.runs.push_back({std::uint32_t(end - from[end]), 0, before[end] - before[from[end]]});
    std::reverse(model.runs.begin(), model.runs.end());
    return model;
}

/// The level whose weight is nearest to `sixteenths` / 16, at least 1.
std::uint32_t nearest_level(std::uint64_t sixteenths) {
    std::uint32_t level = 1;
    while (level < kMaxRansLevel && 8 * (rans_weight(level) + rans_weight(level + 1)) <= sixteenths) ++level;
    return level;
}

/// Gives each run the level of its share of 2^bits. What the runs with the least weight, 1, have too much is
/// taken from all others in proportion. False where there are more symbols than slots.
bool set_levels(Model& model, std::uint64_t total) {
    const std::int64_t slots = std::int64_t{1} << model.bits;
    for (std::int64_t share = slots;; --share) {
        std::int64_t sum = 0;
        for (Run& run : model.runs) {
            run.level =
                run.count ? nearest_level(std::uint64_t(share) * run.count * 16 / (total * run.length)) : 0;
            sum += std::int64_t{run.length} * rans_weight(run.level);
        }
        if (sum <= slots) break;
        if (!share) return false;
        share = std::max<std::int64_t>(1, share - (sum - slots) / 2);
    }
    // Neighbours that came out alike are one run.
    std::vector<Run> merged;
    for (const Run& run : model.runs)
        if (!merged.empty() && merged.back().level == run.level)
            merged.back().length += run.length, merged.back().count += run.count;
        else
            merged.push_back(run);
    model.runs = std::move(merged);
    return true;
}

/// The table for symbols of which at least two occur. Fewer bits make smaller tables for the decoder: the
/// fewest that cost at most a thousandth more than the most.
Model choose_model(std::span<const std::uint32_t> counts, std::uint64_t total) {
    Model chosen;
    Cost bound = std::numeric_limits<Cost>::max();
    for (int bits = kMaxRansBits; bits >= kMinRansBits; --bits) {
        Model model = divide(counts, bits);
        if (model.cost > bound || !set_levels(model, total)) break;
        if (bits == kMaxRansBits) bound = model.cost + model.cost / 1024;
        chosen = std::move(model);
    }
    return chosen;
}

/// Bits from the most significant of each byte on.
class BitWriter {
  public:
    void bits(std::uint32_t value, int count) {
        while (count-- > 0) {
            if (!left_) bytes_.push_back(0), left_ = 8;
            bytes_.back() |= std::uint8_t((value >> count & 1u) << --left_);
        }
    }
    void exp_golomb(std::uint32_t value, int order) {
        const std::uint32_t high = (value >> order) + 1;
        bits(high, 2 * std::bit_width(high) - 1);
        bits(value, order);
    }
    const Bytes& bytes() const { return bytes_; }

  private:
    Bytes bytes_;
    int left_ = 0;
};

/// The order with which exp-Golomb codes these values in the fewest bits.
int best_order(std::span<const std::uint32_t> values) {
    int best = 0;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    for (int order = 0; order < 12; ++order) {
        std::uint64_t bits = 0;
        for (const std::uint32_t v : values) bits += 2 * std::bit_width((v >> order) + 1) - 1 + order;
        if (bits < least) least = bits, best = order;
    }
    return best;
}

struct CodedTable {
    std::uint8_t orders = 0;  ///< of the runs' lengths, and << 4 of their levels
    Bytes bytes;
};

CodedTable code_table(const std::vector<Run>& runs) {
    std::vector<std::uint32_t> levels, lengths;
    std::uint32_t before = 0;
    for (const Run& run : runs) {
        levels.push_back(run.level > before ? 2 * (run.level - before - 1)
                                            : 2 * (before - run.level - 1) + 1);
        lengths.push_back(run.length - 1);
        before = run.level;
    }
    const int level_order = best_order(levels), length_order = best_order(lengths);
    BitWriter out;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        out.exp_golomb(levels[i], level_order);
        out.exp_golomb(lengths[i], length_order);
    }
    return {std::uint8_t(length_order | level_order << 4), out.bytes()};
}

/// Each lane's state takes four bytes of which about half are lost: a lane for every KB of payload keeps that
/// below a quarter of a percent.
constexpr std::uint64_t kPayloadBytesPerLane = 1024;

int choose_lane_exponent(Cost cost) {
    const std::uint64_t lanes = (cost >> kCostBits) / 8 / kPayloadBytesPerLane;
    return std::clamp(int(std::bit_width(lanes)) - 1, 0, kMaxRansLaneExponent);
}

/// The payload's words: the states behind the last symbol, then what they read.
std::vector<std::uint16_t> code_payload(std::span<const std::uint16_t> symbols, const Model& model,
                                        std::uint32_t lanes) {
    std::vector<std::uint32_t> weights;
    for (const Run& run : model.runs) weights.insert(weights.end(), run.length, rans_weight(run.level));
    const std::vector<std::uint32_t> starts = rans_starts(weights, model.bits);

    // The decoder's way backwards: what is written last is read first.
    std::vector<std::uint32_t> states(lanes, kRansLowestState);
    std::vector<std::uint16_t> words;
    for (std::size_t i = symbols.size(); i-- > 0;) {
        const std::uint32_t symbol = symbols[i] - model.first;
        const std::uint32_t start = starts[symbol], frequency = starts[symbol + 1] - start;
        std::uint32_t& state = states[i & (lanes - 1)];
        if (state >> (32 - model.bits) >= frequency) {
            words.push_back(std::uint16_t(state));
            state >>= 16;
        }
        state = (state / frequency << model.bits) + state % frequency + start;
    }
    for (std::uint32_t lane = lanes; lane-- > 0;) {
        words.push_back(std::uint16_t(states[lane] >> 16));
        words.push_back(std::uint16_t(states[lane]));
    }
    std::reverse(words.begin(), words.end());
    return words;
}

}  // namespace

Bytes encode_rans(std::span<const std::uint16_t> symbols, std::uint32_t alphabet) {
    if (symbols.size() > kMaxRansSymbols) throw std::logic_error("too many symbols for one coded array");
    if (alphabet < 1 || alphabet > kMaxRansAlphabet)
        throw std::logic_error("a coded array's alphabet is out of range");
    std::vector<std::uint32_t> counts(alphabet);
    for (const std::uint16_t symbol : symbols) {
        if (symbol >= alphabet) throw std::logic_error("a symbol is outside its coded array's alphabet");
        ++counts[symbol];
    }

    Model model;
    std::vector<std::uint16_t> words;
    int lane_exponent = 0;
    if (!symbols.empty()) {
        const auto occurs = [](std::uint32_t count) { return count > 0; };
        const auto first = std::find_if(counts.begin(), counts.end(), occurs);
        const auto end = std::find_if(counts.rbegin(), counts.rend(), occurs).base();
        if (end - first == 1) {
            model.runs = {{1, 1, symbols.size()}};
        } else {
            model = choose_model({first, end}, symbols.size());
            lane_exponent = choose_lane_exponent(model.cost);
        }
        model.first = std::uint32_t(first - counts.begin());
        if (model.bits) words = code_payload(symbols, model, 1u << lane_exponent);
    }

    const CodedTable table = code_table(model.runs);
    ByteWriter out;
    out.u32(std::uint32_t(symbols.size()));
    out.u16(std::uint16_t(alphabet)), out.u16(std::uint16_t(model.first));
    out.u16(std::uint16_t(model.runs.size()));
    out.u8(table.orders), out.u8(std::uint8_t(model.bits | lane_exponent << 4));
    out.u32(std::uint32_t(words.size()));
    out.append(table.bytes);
    for (const std::uint16_t word : words) out.u16(word);
    return out.release();
}

}  // namespace volumen
