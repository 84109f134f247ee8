// bench_codebook: how long k-means takes against the number of vectors and of clusters, and how its
// distortion compares with Lloyd's algorithm from k-means++ seeds where that is affordable; and with --take
// what codebooks make of a take's SH. JSON on stdout.
#include "encoder/pack/codebook/codebook.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "encoder/pack/codebook/index_changes.h"
#include "encoder/pack/take_segments.h"
#include "formats/core/parallel.h"
#include "tests/encoder/pack/naive_kmeans.h"

using namespace volumen;

namespace {

/// Wall clock, and processor time over all threads, which a busy machine lengthens less.
struct Time {
    double seconds = 0, processor_seconds = 0;
};

Time timed(const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t used = std::clock();
    work();
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
            double(std::clock() - used) / CLOCKS_PER_SEC};
}

/// Like SH of degree 1: three directions of colours that are mostly grey, around a hundred materials, with
/// tails.
std::vector<float> sh_like(std::size_t n, int dimensions, unsigned seed) {
    constexpr int kMaterials = 100;
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> middle(std::size_t(kMaterials * dimensions));
    for (float& v : middle) v = 0.1f * normal(random);
    std::vector<float> out;
    out.reserve(n * std::size_t(dimensions));
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t material = random() % kMaterials;
        const float size = 0.1f * std::exp(0.5f * normal(random));
        float grey = 0;
        for (int c = 0; c < dimensions; ++c) {
            if (c % 3 == 0) grey = normal(random);
            out.push_back(middle[material * std::size_t(dimensions) + std::size_t(c)] +
                          size * (grey + 0.3f * normal(random)));
        }
    }
    return out;
}

nlohmann::json measure(std::size_t n, int dimensions, int k, double naive_work) {
    const std::vector<float> values = sh_like(n, dimensions, 1);
    KMeans result;
    const Time time = timed([&] { result = kmeans({values, dimensions, {}}, {k, 1}); });
    nlohmann::json out = {{"vectors", n},
                          {"dimensions", dimensions},
                          {"clusters", k},
                          {"seconds", time.seconds},
                          {"processor_seconds", time.processor_seconds},
                          {"distortion", result.distortion}};
    if (double(n) * k <= naive_work) {
        double naive = 0;
        const Time slow = timed([&] { naive = naive_kmeans({values, dimensions, {}}, k, 1, 30); });
        out["naive_processor_seconds"] = slow.processor_seconds;
        out["distortion_over_naive"] = result.distortion / naive;
    }
    return out;
}

/// Bits that an adaptive order-0 coder would need for `values` at the least.
double entropy_bits(const auto& values) {
    std::map<std::size_t, std::size_t> counts;
    for (const auto v : values) ++counts[std::size_t(v)];
    double bits = 0;
    for (const auto& [value, count] : counts)
        bits -= double(count) * std::log2(double(count) / double(values.size()));
    return bits;
}

nlohmann::json measure_take(const SplatHistory& history, int degree, int k, double share) {
    CodebookOptions options;
    options.entries = k, options.max_change_share = share;
    Codebook book;
    const Time time = timed([&] { book = make_codebook(history, options); });
    const std::vector<float> entries = book.decoded();
    const std::size_t splats = history.splats(), frames = std::size_t(history.frames);
    const std::size_t d = std::size_t(history.dimensions);
    double error = 0, weight = 0, plain = 0, energy = 0;
    for (std::size_t i = 0; i < splats; ++i)
        for (std::size_t f = 0; f < frames; ++f) {
            const double w = history.weights[i * frames + f];
            for (std::size_t c = 0; c < d; ++c) {
                const double v = history.values[(i * frames + f) * d + c];
                const double off = v - entries[book.indices[f * splats + i] * d + c];
                error += w * off * off, weight += w, plain += off * off, energy += w * v * v;
            }
        }
    const IndexChanges changes = index_changes(book.indices, splats);
    const double first = entropy_bits(changes.first) / 8;
    const double later = (entropy_bits(changes.gap) + entropy_bits(changes.index)) / 8;
    const double n = double(splats * frames * d);
    return {{"degree", degree},
            {"wanted", k},
            {"entries", book.entries()},
            {"seconds", time.seconds},
            {"processor_seconds", time.processor_seconds},
            {"psnr", -10 * std::log10(plain / n)},
            {"weighted_psnr", -10 * std::log10(error / weight)},
            {"weighted_signal_to_noise_db", 10 * std::log10(energy / error)},
            {"change_share", book.change_share},
            {"change_cost", book.change_cost},
            {"entry_bytes", book.levels.size()},
            {"first_bytes", first},
            {"change_bytes", later},
            {"bytes_per_frame", (double(book.levels.size()) + first + later) / double(frames)}};
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::size_t> counts{100'000, 500'000, 2'000'000};
    std::vector<int> clusters{256, 2048, 8192};
    int dimensions = 9;
    double naive_work = 1e8;
    std::string take;
    std::vector<double> shares{0.015};
    CLI::App app("Times k-means and weighs codebooks; JSON on stdout.");
    app.add_option("--vectors", counts, "numbers of vectors")->delimiter(',');
    app.add_option("--clusters", clusters, "numbers of clusters, or of entries")->delimiter(',');
    app.add_option("--dimensions", dimensions, "of a vector")->capture_default_str();
    app.add_option("--naive", naive_work, "compare where vectors times clusters are at most so many")
        ->capture_default_str();
    app.add_option("--take", take,
                   "a model or folder of splat files: codebooks of its first segment's SH instead");
    app.add_option("--shares", shares, "of indices that change a frame, with --take")->delimiter(',');
    CLI11_PARSE(app, argc, argv);
    nlohmann::json out = {
        {"benchmark", "codebook"}, {"threads", thread_count()}, {"runs", nlohmann::json::array()}};
    if (take.empty()) {
        for (const int k : clusters)
            for (const std::size_t n : counts) out["runs"].push_back(measure(n, dimensions, k, naive_work));
    } else {
        const auto segments = open_take_segments(take, {});
        const std::vector<SplatCloud> frames = segments->read(0);
        for (int degree = 0; degree <= segments->sh_degree; ++degree) {
            const SplatHistory history = sh_history(frames, degree, opacity_times_area);
            for (const double share : shares)
                for (const int k : clusters) out["runs"].push_back(measure_take(history, degree, k, share));
        }
    }
    fmt::print("{}\n", out.dump(2));
}
