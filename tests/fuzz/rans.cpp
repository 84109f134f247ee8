// Any bytes as a coded array: symbols of its alphabet, or an InputError.
#include "formats/coding/rans.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace volumen;
    // A single-symbol array of any length is a few bytes: more of it shows nothing more.
    constexpr std::uint32_t kMostSymbols = 1u << 16;
    try {
        ByteReader in({data, size}, "fuzz");
        RansDecoder decoder(in, "fuzz");
        std::vector<std::uint16_t> symbols, again;
        for (std::uint32_t decoded = 0; decoder.remaining() && decoded < kMostSymbols;) {
            symbols.assign(std::min(decoder.remaining(), 1000u), 0xffff);
            again = symbols;
            RansDecoder copy = decoder;
            decoder.decode(symbols);
            copy.decode(again);
            if (again != symbols) std::abort();
            for (const std::uint16_t symbol : symbols)
                if (symbol >= decoder.alphabet()) std::abort();
            decoded += std::uint32_t(symbols.size());
        }
        decoder.finish();
    } catch (const InputError&) {
    }
    return 0;
}
