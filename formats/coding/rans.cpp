#include "formats/coding/rans.h"

#include <algorithm>
#include <numeric>

namespace volumen {

namespace {

/// Exp-Golomb prefixes are at most this long: with it every level, run and gap can be written in any order.
constexpr int kMaxPrefix = 12;

/// Bits of the frequency table, from the most significant of each byte.
class BitReader {
  public:
    explicit BitReader(ByteReader& in) : in_(in) {}

    std::uint32_t bit() {
        if (!left_) byte_ = in_.u8(), left_ = 8;
        return byte_ >> --left_ & 1u;
    }
    std::uint32_t bits(int count) {
        std::uint32_t value = 0;
        while (count-- > 0) value = value << 1 | bit();
        return value;
    }
    /// Nothing for a prefix that no writer makes.
    bool exp_golomb(int order, std::uint32_t& value) {
        int prefix = 0;
        while (!bit())
            if (++prefix > kMaxPrefix) return false;
        value = ((1u << prefix | bits(prefix)) - 1) << order;
        value |= bits(order);
        return true;
    }
    /// What is left of the last byte.
    std::uint32_t rest() const { return byte_ & ((1u << left_) - 1); }

  private:
    ByteReader& in_;
    std::uint32_t byte_ = 0;
    int left_ = 0;
};

std::uint32_t read_word(const std::uint8_t* at) {
    return std::uint32_t(at[0]) | std::uint32_t(at[1]) << 8;
}

}  // namespace

std::vector<std::uint32_t> rans_starts(std::span<const std::uint32_t> weights, int bits) {
    const std::uint32_t total = std::accumulate(weights.begin(), weights.end(), 0u);
    std::vector<std::uint32_t> starts{0};
    starts.reserve(weights.size() + 1);
    std::uint32_t before = 0;  // at most 2^15, so that the shift stays below 2^31
    for (const std::uint32_t weight : weights) {
        before += weight;
        starts.push_back((before << bits) / total);
    }
    return starts;
}

/// What copies share.
struct RansDecoder::Tables {
    std::string what;
    std::uint32_t size = 0, alphabet = 0, lanes = 0;  ///< lanes: 0 where there is no payload
    int bits = 0;
    std::uint32_t first = 0;            ///< first symbol that has a frequency
    std::vector<std::uint16_t> symbol;  ///< of each of the 2^bits slots, less `first`
    std::vector<std::uint32_t>
        start_and_frequency;  ///< of each symbol from `first` on: start << 16 | frequency
    const std::uint8_t *begin = nullptr, *end = nullptr;  ///< of the payload

    template <class... Args>
    [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
        throw InputError("{}: {}; the segment is damaged", what,
                         fmt::format(format, std::forward<Args>(args)...));
    }
    std::vector<std::uint32_t> read_weights(ByteReader& in, std::uint32_t runs, int run_order,
                                            int level_order) const;
};

/// The weights of the symbols from `first` on, up to the last that has one.
std::vector<std::uint32_t> RansDecoder::Tables::read_weights(ByteReader& in, std::uint32_t runs,
                                                             int run_order, int level_order) const {
    std::vector<std::uint32_t> weights;
    BitReader reader(in);
    std::int64_t level = 0;
    for (std::uint32_t i = 0; i < runs; ++i) {
        std::uint32_t folded = 0, length = 0;
        if (!reader.exp_golomb(level_order, folded) || !reader.exp_golomb(run_order, length))
            refuse("a coded array's frequency table holds an overlong code");
        const std::int64_t distance = std::int64_t(folded / 2) + 1;
        level += folded % 2 ? -distance : distance;
        if (level < 0 || level > kMaxRansLevel) refuse("a coded array's frequency is out of range");
        if (++length > alphabet - first - weights.size())
            refuse("a coded array's frequency table leaves the alphabet");
        weights.insert(weights.end(), length, rans_weight(std::uint32_t(level)));
    }
    if (!level && runs) refuse("a coded array's frequency table ends in symbols that do not occur");
    if (reader.rest()) refuse("a coded array's frequency table is followed by bits that are not 0");
    return weights;
}

RansDecoder::RansDecoder(ByteReader& in, std::string what) {
    const auto tables = std::make_shared<Tables>();
    Tables& t = *tables;
    t.what = std::move(what);
    t.size = in.u32(), t.alphabet = in.u16(), t.first = in.u16();
    const std::uint32_t runs = in.u16(), orders = in.u8(), bits_and_lanes = in.u8(), words = in.u32();
    t.bits = int(bits_and_lanes & 15);
    const int lane_exponent = int(bits_and_lanes >> 4);
    if (t.size > kMaxRansSymbols) t.refuse("a coded array of {} symbols is too long", t.size);
    if (t.alphabet < 1 || t.alphabet > kMaxRansAlphabet)
        t.refuse("a coded array's alphabet of {} symbols is out of range", t.alphabet);
    if (t.first >= t.alphabet || runs > t.alphabet - t.first || (runs == 0) != (t.size == 0))
        t.refuse("a coded array's frequency table is out of range");
    const std::vector<std::uint32_t> weights = t.read_weights(in, runs, int(orders & 15), int(orders >> 4));
    const std::uint64_t total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    const auto present = weights.size() - std::size_t(std::count(weights.begin(), weights.end(), 0u));

    if (present < 2) {
        if (total > 1 || t.bits || lane_exponent || words)
            t.refuse("a coded array that needs no payload has one");
        tables_ = tables;
        return;
    }
    if (t.bits < kMinRansBits || total > 1u << t.bits)
        t.refuse("a coded array's frequencies do not fit {} bits", t.bits);
    if (lane_exponent > kMaxRansLaneExponent) t.refuse("a coded array has too many lanes");
    t.lanes = 1u << lane_exponent;
    if (words < 2 * t.lanes) t.refuse("a coded array's payload is too short for {} lanes", t.lanes);

    const std::vector<std::uint32_t> starts = rans_starts(weights, t.bits);
    t.symbol.resize(std::size_t{1} << t.bits);
    for (std::size_t s = 0; s < weights.size(); ++s) {
        std::fill(t.symbol.begin() + starts[s], t.symbol.begin() + starts[s + 1], std::uint16_t(s));
        t.start_and_frequency.push_back(starts[s] << 16 | (starts[s + 1] - starts[s]));
    }

    const auto payload = in.take(std::uint64_t(words) * 2);
    t.begin = payload.data(), t.end = payload.data() + payload.size();
    next_word_ = payload.data();
    for (std::uint32_t lane = 0; lane < t.lanes; ++lane, next_word_ += 4) {
        state_[lane] = read_word(next_word_) | read_word(next_word_ + 2) << 16;
        if (state_[lane] < kRansLowestState) t.refuse("a coded array's state is out of range");
    }
    tables_ = tables;
}

std::uint32_t RansDecoder::alphabet() const {
    return tables_->alphabet;
}
std::uint32_t RansDecoder::size() const {
    return tables_->size;
}
std::uint32_t RansDecoder::remaining() const {
    return tables_->size - position_;
}

RansArray RansDecoder::array() const {
    const Tables& t = *tables_;
    RansArray out{.size = t.size, .first = t.first, .bits = t.bits, .lanes = t.lanes};
    for (const std::uint32_t entry : t.start_and_frequency) out.starts.push_back(entry >> 16);
    if (t.lanes) out.starts.push_back(1u << t.bits);
    for (const std::uint8_t* word = t.begin; word != t.end; word += 2)
        out.words.push_back(std::uint16_t(read_word(word)));
    return out;
}

/// Decodes `count` symbols. Each reads one word or none: unchecked where as many words as symbols remain.
template <bool kChecked>
std::uint16_t* RansDecoder::step(std::uint16_t* out, std::size_t count) {
    const Tables& t = *tables_;
    const std::uint16_t* const symbols = t.symbol.data();
    const std::uint32_t* const start_and_frequency = t.start_and_frequency.data();
    const std::uint32_t mask = (1u << t.bits) - 1, first = t.first;
    const int bits = t.bits;
    const std::uint8_t* word = next_word_;
    while (count) {
        const std::uint32_t lane = position_ & (t.lanes - 1);
        const std::uint32_t lanes = std::uint32_t(std::min<std::size_t>(t.lanes - lane, count));
        for (std::uint32_t i = 0; i < lanes; ++i) {
            std::uint32_t state = state_[lane + i];
            const std::uint32_t slot = state & mask;
            const std::uint32_t symbol = symbols[slot];
            const std::uint32_t entry = start_and_frequency[symbol];
            state = (entry & 0xffff) * (state >> bits) + slot - (entry >> 16);
            if constexpr (kChecked) {
                if (state < kRansLowestState) {
                    if (word == t.end) t.refuse("a coded array's payload ends early");
                    state = state << 16 | read_word(word);
                    word += 2;
                }
            } else {
                // Without a branch: whether a word is read is as good as random.
                const std::uint32_t refill = state < kRansLowestState;
                state = state << (refill * 16) | (read_word(word) & (0u - refill));
                word += refill * 2;
            }
            state_[lane + i] = state;
            *out++ = std::uint16_t(first + symbol);
        }
        position_ += lanes;
        count -= lanes;
    }
    next_word_ = word;
    return out;
}

void RansDecoder::decode(std::span<std::uint16_t> out) {
    const Tables& t = *tables_;
    if (out.size() > remaining())
        t.refuse("a coded array ends early, {} symbols wanted of {}", out.size(), remaining());
    if (!t.lanes) {
        std::fill(out.begin(), out.end(), std::uint16_t(t.first));
        position_ += std::uint32_t(out.size());
        return;
    }
    std::uint16_t* at = out.data();
    std::uint16_t* const end = at + out.size();
    while (at < end) {
        const std::size_t words = std::size_t(t.end - next_word_) / 2, wanted = std::size_t(end - at);
        at = words ? step<false>(at, std::min(words, wanted)) : step<true>(at, wanted);
    }
}

void RansDecoder::finish() const {
    const Tables& t = *tables_;
    if (remaining()) t.refuse("{} symbols of a coded array are left over", remaining());
    if (next_word_ != t.end) t.refuse("a coded array's payload is longer than its symbols");
    if (std::any_of(state_.begin(), state_.begin() + t.lanes,
                    [](std::uint32_t state) { return state != kRansLowestState; }))
        t.refuse("a coded array's symbols do not fit its payload");
}

}  // namespace volumen
