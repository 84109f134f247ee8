// bench_rans: coding the motion of a segment: nanoseconds a symbol, milliseconds a frame's worth, and bytes
// against the order-0 entropy, for joints that hardly move to fast ones. JSON on stdout.
#include "formats/coding/rans.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "encoder/pack/rans_encoder.h"
#include "tests/formats/coding/symbols.h"

using namespace volumen;

namespace {

constexpr std::size_t kFrames = 50, kComponents = 7;
constexpr std::uint32_t kAlphabet = 2048;
/// DualGS's 15,000 joints with 7 components each: the load of one frame.
constexpr double kFrameSymbols = 105'000;

/// The fastest of `rounds` calls: what else the machine does only ever adds.
template <class Body>
double least_seconds(int rounds, Body body) {
    double least = 1e9;
    for (int i = 0; i < rounds; ++i) {
        const auto start = std::chrono::steady_clock::now();
        body();
        least =
            std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return least;
}

nlohmann::json measure(std::size_t joints, double width, int rounds) {
    std::mt19937 random(1);
    std::vector<Symbols> components;
    std::vector<Bytes> coded(kComponents);
    double entropy = 0, bytes = 0, tables = 0;
    for (std::size_t c = 0; c < kComponents; ++c) {
        components.push_back(laplace_symbols(joints * kFrames, width, kAlphabet, random));
        entropy += entropy_bytes(components.back());
    }
    const double encode = least_seconds(std::max(1, rounds / 4), [&] {
        for (std::size_t c = 0; c < kComponents; ++c) coded[c] = encode_rans(components[c], kAlphabet);
    });
    std::vector<RansDecoder> opened;
    const double open = least_seconds(rounds, [&] {
        opened.clear();
        for (const Bytes& array : coded) {
            ByteReader in(array, "bench");
            opened.emplace_back(in, "bench");
        }
    });
    // As a player does: a frame of every component, then the next frame.
    Symbols frame(joints);
    bool same = true;
    const double decode = least_seconds(rounds, [&] {
        std::vector<RansDecoder> decoders = opened;
        for (std::size_t f = 0; f < kFrames; ++f)
            for (RansDecoder& decoder : decoders) decoder.decode(frame);
        for (const RansDecoder& decoder : decoders) decoder.finish();
        same =
            same && std::equal(frame.begin(), frame.end(), components.back().end() - std::ptrdiff_t(joints));
    });
    if (!same) throw InputError("what was decoded is not what was encoded");
    for (const Bytes& array : coded) {
        ByteReader in(std::span<const std::uint8_t>(array).subspan(12), "bench");
        bytes += double(array.size());
        tables += double(array.size()) - double(kRansHeaderBytes) - 2.0 * in.u32();
    }
    const double symbols = double(joints * kFrames * kComponents);
    return {{"joints", joints},
            {"laplace_width", width},
            {"entropy_bits_per_symbol", entropy * 8 / symbols},
            {"bytes", bytes},
            {"table_bytes", tables},
            {"over_entropy_percent", 100 * (bytes / entropy - 1)},
            {"open_ms", open * 1e3},
            {"decode_ns_per_symbol", decode * 1e9 / symbols},
            {"decode_ms_per_105k", decode * 1e3 / symbols * kFrameSymbols},
            {"encode_ns_per_symbol", encode * 1e9 / symbols},
            {"encode_ms_per_105k", encode * 1e3 / symbols * kFrameSymbols}};
}

}  // namespace

int main(int argc, char** argv) {
    int rounds = 8;
    CLI::App app("Times coded arrays on residuals of a segment of 50 frames; JSON on stdout.");
    app.add_option("--rounds", rounds, "the fastest of so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    CLI11_PARSE(app, argc, argv);
    try {
        nlohmann::json out = {{"benchmark", "rans"}, {"runs", nlohmann::json::array()}};
        for (const std::size_t joints : {300u, 2000u, 15'000u})
            for (const double width : {0.5, 5.0, 50.0}) out["runs"].push_back(measure(joints, width, rounds));
        fmt::print("{}\n", out.dump(2));
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_rans: {}\n", error.what());
        return 1;
    }
}
