#include "encoder/pack/codebook/codebook.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "encoder/pack/codebook/entry_paths.h"
#include "formats/core/error.h"

namespace volumen {
namespace {

/// Entries are sought on so many vectors for each, and at least; the rounds that follow use all of them.
constexpr std::size_t kVectorsPerEntry = 64, kMinVectors = 1u << 18;
constexpr float kTopLevel = 255;

std::vector<float> first_entries(const SplatHistory& history, const CodebookOptions& options) {
    const Vectors vectors = history.vectors();
    const std::size_t wanted = std::max(kVectorsPerEntry * std::size_t(options.entries), kMinVectors);
    if (vectors.count() <= wanted) return kmeans(vectors, {options.entries, options.seed}).centres;
    std::mt19937_64 random(options.seed);
    std::vector<float> values, weights;
    for (std::size_t i = 0; i < wanted; ++i) {
        // One from each stretch of the same length.
        const std::size_t begin = i * vectors.count() / wanted, end = (i + 1) * vectors.count() / wanted;
        const std::size_t at = begin + random() % (end - begin);
        values.insert(values.end(), vectors[at].begin(), vectors[at].end());
        weights.push_back(vectors.weight(at));
    }
    return kmeans({values, history.dimensions, weights}, {options.entries, options.seed}).centres;
}

/// Sets `low`, `step` and `levels` by `centres`.
void round_entries(Codebook& book) {
    const std::size_t dimensions = std::size_t(book.dimensions), n = book.centres.size() / dimensions;
    book.low.resize(dimensions), book.step.resize(dimensions), book.levels.resize(n * dimensions);
    for (std::size_t c = 0; c < dimensions; ++c) {
        float low = book.centres[c], high = low;
        for (std::size_t e = 0; e < n; ++e) {
            low = std::min(low, book.centres[e * dimensions + c]);
            high = std::max(high, book.centres[e * dimensions + c]);
        }
        book.low[c] = low, book.step[c] = (high - low) / kTopLevel;
        for (std::size_t e = 0; e < n && book.step[c] > 0; ++e)
            book.levels[e * dimensions + c] = std::uint8_t(std::clamp(
                std::round((book.centres[e * dimensions + c] - low) / book.step[c]), 0.0f, kTopLevel));
    }
}

/// The entries along their first principal axis, found by power iteration; brighter ones last.
std::vector<std::uint32_t> principal_order(std::span<const float> entries, std::size_t dimensions) {
    constexpr int kIterations = 64;
    const std::size_t n = entries.size() / dimensions;
    std::vector<double> mean(dimensions), axis(dimensions, 1), next(dimensions), along(n);
    for (std::size_t e = 0; e < n; ++e)
        for (std::size_t c = 0; c < dimensions; ++c) mean[c] += entries[e * dimensions + c] / double(n);
    const auto project = [&] {
        for (std::size_t e = 0; e < n; ++e) {
            along[e] = 0;
            for (std::size_t c = 0; c < dimensions; ++c)
                along[e] += (entries[e * dimensions + c] - mean[c]) * axis[c];
        }
    };
    for (int iteration = 0; iteration < kIterations; ++iteration) {
        project();
        std::ranges::fill(next, 0.0);
        for (std::size_t e = 0; e < n; ++e)
            for (std::size_t c = 0; c < dimensions; ++c)
                next[c] += along[e] * (entries[e * dimensions + c] - mean[c]);
        const double length = std::sqrt(std::inner_product(next.begin(), next.end(), next.begin(), 0.0));
        if (!(length > 0)) break;
        for (std::size_t c = 0; c < dimensions; ++c) axis[c] = next[c] / length;
    }
    project();
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) { return along[a] < along[b]; });
    return order;
}

/// Leaves the entries that paths use, in their final order.
void order_entries(Codebook& book, const Paths& paths, std::size_t frames) {
    const std::size_t dimensions = std::size_t(book.dimensions), splats = paths.indices.size() / frames;
    std::vector<char> used(book.entries());
    for (const std::uint32_t e : paths.indices) used[e] = 1;
    const std::vector<float> entries = book.decoded();
    const std::vector<float> centres = std::move(book.centres);
    const std::vector<std::uint8_t> levels = std::move(book.levels);
    book.centres.clear(), book.levels.clear();
    std::vector<std::uint16_t> place(used.size());
    std::uint16_t kept = 0;
    for (const std::uint32_t e : principal_order(entries, dimensions)) {
        if (!used[e]) continue;
        place[e] = kept++;
        const auto at = std::ptrdiff_t(e * dimensions), end = at + std::ptrdiff_t(dimensions);
        book.centres.insert(book.centres.end(), centres.begin() + at, centres.begin() + end);
        book.levels.insert(book.levels.end(), levels.begin() + at, levels.begin() + end);
    }
    book.indices.resize(paths.indices.size());
    for (std::size_t i = 0; i < splats; ++i)
        for (std::size_t f = 0; f < frames; ++f)
            book.indices[f * splats + i] = place[paths.indices[i * frames + f]];
}

void check(const SplatHistory& history, const CodebookOptions& options) {
    if (history.frames < 1 || history.dimensions < 1 || history.values.empty() ||
        history.values.size() % (std::size_t(history.frames) * std::size_t(history.dimensions)) != 0 ||
        (!history.weights.empty() && history.weights.size() != history.vectors().count()))
        throw InputError("codebook: {} values, {} weights are not those of {} frames of {} dimensions",
                         history.values.size(), history.weights.size(), history.frames, history.dimensions);
    if (options.entries < 1 || options.entries > kMaxClusters || options.rounds < 0 ||
        !(options.max_change_share >= 0) || (options.change_cost && !(*options.change_cost >= 0)))
        throw InputError("codebook: {} entries (1 to {}), {} rounds, a share of {} changes are not possible",
                         options.entries, kMaxClusters, options.rounds, options.max_change_share);
    check_vectors(history.vectors());
}

}  // namespace

std::vector<float> Codebook::decoded() const {
    std::vector<float> out(levels.size());
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = low[i % low.size()] + step[i % low.size()] * float(levels[i]);
    return out;
}

Codebook make_codebook(const SplatHistory& history, const CodebookOptions& options) {
    check(history, options);
    const Vectors vectors = history.vectors();
    Codebook book;
    book.dimensions = history.dimensions;
    book.centres = first_entries(history, options);
    Paths paths;
    paths.indices.assign(vectors.count(), 0), paths.squared.resize(vectors.count());
    const auto price = [&](std::span<const float> entries) {
        return options.change_cost ? *options.change_cost
                                   : price_for(history, entries, options.max_change_share);
    };
    for (int round = 0; round < options.rounds; ++round) {
        choose_paths(history, book.centres, price(book.centres), paths);
        move_centres(vectors, paths.indices, paths.squared, book.centres);
    }
    round_entries(book);
    const std::vector<float> entries = book.decoded();
    book.change_cost = price(entries);
    choose_paths(history, entries, book.change_cost, paths);
    // The sample's price may be a little too low for all.
    for (double factor = 1.02; !options.change_cost && paths.change_share > options.max_change_share;
         factor *= factor) {
        book.change_cost = std::max(book.change_cost, std::numeric_limits<double>::min()) * factor;
        choose_paths(history, entries, book.change_cost, paths);
    }
    book.change_share = paths.change_share;
    book.distortion = distortion(vectors, paths.squared);
    order_entries(book, paths, std::size_t(history.frames));
    return book;
}

}  // namespace volumen
