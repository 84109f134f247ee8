#include "encoder/pack/codebook/entry_paths.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "encoder/pack/codebook/centre_tree.h"
#include "encoder/pack/codebook/steady_path.h"
#include "formats/core/parallel.h"

namespace volumen {
namespace {

constexpr std::size_t kGrain = 64;
/// The price of a change is sought on so many splats.
constexpr std::size_t kPriceSplats = 4096;
constexpr int kPriceSteps = 30;

/// What the entries that one splat may use cost at each frame.
struct Candidates {
    std::vector<std::uint32_t> entries;
    std::vector<float> costs;  ///< frames × entries
};

/// Finds candidates for one splat after another, and keeps its memory.
class CandidateFinder {
  public:
    CandidateFinder(const SplatHistory& history, std::span<const float> entries, const CentreTree& tree)
        : history_(history), entries_(entries), tree_(tree) {}

    /// The best entry for a stretch of frames is the nearest to their weighted mean.
    void find(std::size_t splat, Candidates& out) {
        const std::size_t frames = std::size_t(history_.frames),
                          dimensions = std::size_t(history_.dimensions);
        const Vectors vectors = history_.vectors();
        const std::size_t first = splat * frames;
        queries_.clear();
        sums_.assign((frames + 1) * (dimensions + 1), 0);
        for (std::size_t f = 0; f < frames; ++f) {
            const double* before = &sums_[f * (dimensions + 1)];
            double* after = &sums_[(f + 1) * (dimensions + 1)];
            const double weight = vectors.weight(first + f);
            for (std::size_t c = 0; c < dimensions; ++c)
                after[c] = before[c] + weight * vectors[first + f][c];
            after[dimensions] = before[dimensions] + weight;
        }
        for (std::size_t length = 1; length < frames; length *= 2)
            for (std::size_t begin = 0; begin < frames; begin += length)
                add_mean(begin, std::min(begin + length, frames));
        add_mean(0, frames);
        if (queries_.empty()) {  // it weighs nothing
            const auto vector = vectors[first];
            queries_.assign(vector.begin(), vector.end());
        }
        const std::size_t n = queries_.size() / dimensions;
        found_.resize(n), squared_.resize(n);
        tree_.nearest(queries_, 1, {}, found_, squared_);
        out.entries.assign(found_.begin(), found_.end());
        std::ranges::sort(out.entries);
        out.entries.erase(std::unique(out.entries.begin(), out.entries.end()), out.entries.end());
        price(first, out);
    }

  private:
    void add_mean(std::size_t begin, std::size_t end) {
        const std::size_t dimensions = std::size_t(history_.dimensions);
        const double* from = &sums_[begin * (dimensions + 1)];
        const double* to = &sums_[end * (dimensions + 1)];
        const double weight = to[dimensions] - from[dimensions];
        if (!(weight > 0)) return;
        for (std::size_t c = 0; c < dimensions; ++c) queries_.push_back(float((to[c] - from[c]) / weight));
    }

    void price(std::size_t first, Candidates& out) {
        const std::size_t frames = std::size_t(history_.frames),
                          dimensions = std::size_t(history_.dimensions);
        const std::size_t n = out.entries.size();
        const Vectors vectors = history_.vectors();
        columns_.resize(n * dimensions);
        for (std::size_t s = 0; s < n; ++s)
            for (std::size_t c = 0; c < dimensions; ++c)
                columns_[c * n + s] = entries_[out.entries[s] * dimensions + c];
        out.costs.assign(frames * n, 0);
        for (std::size_t f = 0; f < frames; ++f) {
            float* cost = &out.costs[f * n];
            const std::span<const float> vector = vectors[first + f];
            for (std::size_t c = 0; c < dimensions; ++c) {
                const float* column = &columns_[c * n];
                const float v = vector[c];
                for (std::size_t s = 0; s < n; ++s) cost[s] += (v - column[s]) * (v - column[s]);
            }
            const float weight = vectors.weight(first + f);
            for (std::size_t s = 0; s < n; ++s) cost[s] *= weight;
        }
    }

    const SplatHistory& history_;
    std::span<const float> entries_;
    const CentreTree& tree_;
    std::vector<double> sums_;  ///< over the frames before each, and the weight behind them
    std::vector<float> queries_, squared_, columns_;
    std::vector<std::uint32_t> found_;
};

std::size_t changes(std::span<const std::uint32_t> path) {
    std::size_t out = 0;
    for (std::size_t f = 1; f < path.size(); ++f) out += path[f] != path[f - 1];
    return out;
}

}  // namespace

void choose_paths(const SplatHistory& history, std::span<const float> entries, double change_cost,
                  Paths& out) {
    const std::size_t frames = std::size_t(history.frames), dimensions = std::size_t(history.dimensions);
    const Vectors vectors = history.vectors();
    std::vector<std::size_t> changed(std::size_t(thread_count()), 0);
    const CentreTree tree(entries, history.dimensions);
    if (change_cost == 0) nearest_centres(vectors, entries, out.indices, out.squared);
    parallel_for(history.splats(), kGrain, [&](std::size_t begin, std::size_t end, int thread) {
        CandidateFinder finder(history, entries, tree);
        Candidates candidates;
        SteadyPath steady;
        for (std::size_t i = begin; i < end; ++i) {
            const std::span<std::uint32_t> path = std::span(out.indices).subspan(i * frames, frames);
            if (change_cost > 0) {
                finder.find(i, candidates);
                steady.find(candidates.costs, candidates.entries.size(), change_cost, path);
                for (std::size_t f = 0; f < frames; ++f) {
                    path[f] = candidates.entries[path[f]];
                    const float* entry = &entries[path[f] * dimensions];
                    float sum = 0;
                    for (std::size_t c = 0; c < dimensions; ++c) {
                        const float away = vectors[i * frames + f][c] - entry[c];
                        sum += away * away;
                    }
                    out.squared[i * frames + f] = sum;
                }
            }
            changed[std::size_t(thread)] += changes(path);
        }
    });
    const std::size_t pairs = history.splats() * (frames - 1);
    const std::size_t all = std::accumulate(changed.begin(), changed.end(), std::size_t(0));
    out.change_share = pairs ? double(all) / double(pairs) : 0;
}

double price_for(const SplatHistory& history, std::span<const float> entries, double share) {
    const std::size_t frames = std::size_t(history.frames),
                      sampled = std::min(history.splats(), kPriceSplats);
    if (frames == 1) return 0;
    const CentreTree tree(entries, history.dimensions);
    std::vector<Candidates> candidates(sampled);
    parallel_for(sampled, kGrain, [&](std::size_t begin, std::size_t end, int) {
        CandidateFinder finder(history, entries, tree);
        for (std::size_t j = begin; j < end; ++j) finder.find(j * history.splats() / sampled, candidates[j]);
    });
    const double allowed = share * double(sampled * (frames - 1));
    const auto enough = [&](double price) {
        std::vector<std::size_t> changed(std::size_t(thread_count()), 0);
        parallel_for(sampled, kGrain, [&](std::size_t begin, std::size_t end, int thread) {
            SteadyPath steady;
            std::vector<std::uint32_t> path(frames);
            for (std::size_t j = begin; j < end; ++j) {
                steady.find(candidates[j].costs, candidates[j].entries.size(), price, path);
                changed[std::size_t(thread)] += changes(path);
            }
        });
        return double(std::accumulate(changed.begin(), changed.end(), std::size_t(0))) <= allowed;
    };
    if (enough(0)) return 0;
    double costs = 0;
    std::size_t count = 0;
    for (const Candidates& c : candidates) {
        costs = std::accumulate(c.costs.begin(), c.costs.end(), costs);
        count += c.costs.size();
    }
    double high = costs / double(count);  // of the order of what a wrong entry costs
    if (!(high > 0)) return std::numeric_limits<double>::infinity();
    double low = 0;
    while (!enough(high)) low = high, high *= 4;
    while (low == 0 && enough(high / 16)) high /= 16;
    if (low == 0) low = high / 16;
    for (int step = 0; step < kPriceSteps; ++step) {
        const double middle = std::sqrt(low * high);
        (enough(middle) ? high : low) = middle;
    }
    return high;
}

}  // namespace volumen
