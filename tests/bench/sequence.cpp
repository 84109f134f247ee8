// bench_sequence: how long matching two shuffled frames takes, against their number of splats. JSON on
// stdout.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "encoder/sequence/match.h"
#include "tests/bench/splat_scenes.h"

using namespace volumen;

namespace {

double seconds(const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

nlohmann::json measure(std::size_t splats, int runs) {
    const SplatCloud from = bench::figure_scene(splats, 1280, 720, 1).cloud;
    std::vector<std::size_t> order(from.count);
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::mt19937 random(1);
    std::shuffle(order.begin(), order.end(), random);
    SplatCloud to = gather(from, order);
    for (std::size_t i = 0; i < to.count; ++i)  // it sways
        to.channel(0)[i] += 0.02f * std::sin(3 * to.channel(1)[i]);
    Match match;
    double best = 1e9, same = 1e9;
    for (int run = 0; run < runs; ++run) {
        best = std::min(best, seconds([&] { match = match_splats(from, to, {}); }));
        same = std::min(same, seconds([&] { same_order(from, to); }));
    }
    std::size_t right = 0;
    for (std::size_t i = 0; i < order.size(); ++i) right += match.partner[i] == order[i];
    return {{"splats", from.count},
            {"match_ms", best * 1e3},
            {"match_us_per_splat", best * 1e6 / double(from.count)},
            {"same_order_ms", same * 1e3},
            {"right", double(right) / double(from.count)}};
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::size_t> counts{5'000, 10'000, 20'000, 50'000, 100'000, 200'000};
    int runs = 2;
    CLI::App app("Times the matching of shuffled frames; JSON on stdout.");
    app.add_option("--splats", counts, "sizes to measure")->delimiter(',');
    app.add_option("--runs", runs, "of each, the fastest counts")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    nlohmann::json out = {{"benchmark", "sequence"}, {"runs", nlohmann::json::array()}};
    for (const std::size_t count : counts) out["runs"].push_back(measure(count, runs));
    fmt::print("{}\n", out.dump(2));
}
