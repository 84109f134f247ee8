#include "tests/bench/orders.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "formats/stream/frame.h"

namespace volumen::bench {

namespace {

constexpr std::size_t kFeatures = 9;
using Feature = std::array<float, kFeatures>;

std::uint64_t spread(std::uint64_t v) {
    std::uint64_t out = 0;
    for (int bit = 0; bit < 21; ++bit) out |= (v >> bit & 1) << (3 * bit);
    return out;
}

/// Positions in the first and the last frame, and the base colour.
std::vector<Feature> make_features(std::span<const SplatCloud> frames, float colour) {
    std::vector<Feature> out(frames[0].count);
    float extent = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto first = frames.front().channel(int(axis)), last = frames.back().channel(int(axis));
        for (std::size_t i = 0; i < out.size(); ++i) out[i][axis] = first[i], out[i][3 + axis] = last[i];
        const auto [low, high] = std::minmax_element(first.begin(), first.end());
        extent = std::max(extent, *high - *low);
    }
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i][6 + c] = frames[0].channel(SplatCloud::kSh + int(c))[i] * extent * colour;
    return out;
}

/// A running mean of 2 radius + 1, in rows, then in columns.
std::vector<Feature> blurred(const std::vector<Feature>& grid, int width, int radius) {
    const int height = int(grid.size()) / width;
    std::vector<Feature> rows(grid.size()), out(grid.size());
    const auto pass = [&](const std::vector<Feature>& from, std::vector<Feature>& to, int lines, int length,
                          int line_step, int step) {
        for (int l = 0; l < lines; ++l)
            for (int i = 0; i < length; ++i) {
                const int begin = std::max(0, i - radius), end = std::min(length, i + radius + 1);
                Feature sum{};
                for (int j = begin; j < end; ++j)
                    for (std::size_t k = 0; k < kFeatures; ++k)
                        sum[k] += from[std::size_t(l * line_step + j * step)][k];
                for (float& v : sum) v /= float(end - begin);
                to[std::size_t(l * line_step + i * step)] = sum;
            }
    };
    pass(grid, rows, height, width, width, 1);
    pass(rows, out, width, height, 1, width);
    return out;
}

float distance(const Feature& a, const Feature& b) {
    float sum = 0;
    for (std::size_t k = 0; k < kFeatures; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
}

}  // namespace

std::vector<std::size_t> morton_order(std::span<const SplatCloud> frames) {
    const SplatCloud& cloud = frames[0];
    std::vector<std::uint64_t> key(cloud.count);
    for (int axis = 0; axis < 3; ++axis) {
        const auto v = cloud.channel(SplatCloud::kPosition + axis);
        const auto [low, high] = std::minmax_element(v.begin(), v.end());
        const double scale = double((1 << 21) - 1) / std::max(1e-9, double(*high) - *low);
        for (std::size_t i = 0; i < v.size(); ++i)
            key[i] |= spread(std::uint64_t((double(v[i]) - *low) * scale)) << axis;
    }
    std::vector<std::size_t> order(cloud.count);
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
    // Inside whole blocks the curve runs through the picture likewise.
    std::vector<std::size_t> out = order;
    for (std::size_t block = 0; (block + 1) * kBlockSplats <= order.size(); ++block)
        for (std::size_t i = 0; i < std::size_t(kBlockSplats); ++i) {
            const auto bit = [&](int b) { return i >> b & 1; };
            const std::size_t x = bit(0) | bit(2) << 1 | bit(4) << 2, y = bit(1) | bit(3) << 1 | bit(5) << 2;
            out[block * kBlockSplats + y * kBlockSide + x] = order[block * kBlockSplats + i];
        }
    return out;
}

std::vector<std::size_t> self_organised_order(std::span<const SplatCloud> frames,
                                              std::uint32_t blocks_per_row,
                                              const std::vector<std::size_t>& start, float colour) {
    const std::vector<Feature> features = make_features(frames, colour);
    const std::size_t count = start.size(), blocks = (count + kBlockSplats - 1) / kBlockSplats;
    const int width = int(blocks_per_row) * kBlockSide;
    const std::size_t places = (blocks + blocks_per_row - 1) / blocks_per_row * blocks_per_row * kBlockSplats;
    const auto place_of = [&](std::size_t i) {
        const std::size_t block = i / kBlockSplats, j = i % kBlockSplats;
        return (block / blocks_per_row * kBlockSide + j / kBlockSide) * std::size_t(width) +
               block % blocks_per_row * kBlockSide + j % kBlockSide;
    };
    std::vector<std::size_t> order = start;
    std::mt19937 random(1);
    for (int radius = 16; radius >= 1; radius = radius > 1 ? radius * 3 / 4 : 0)
        for (int round = 0; round < 4; ++round) {
            // Places without a splat look like the last one.
            std::vector<Feature> grid(places, features[order.back()]);
            for (std::size_t i = 0; i < count; ++i) grid[place_of(i)] = features[order[i]];
            const std::vector<Feature> target = blurred(grid, width, radius);
            // Groups of four in a window about as wide as the blur.
            const std::size_t window = std::size_t(radius) * 2 * kBlockSplats;
            for (std::size_t begin = random() % window % count; begin < count; begin += window) {
                const std::size_t end = std::min(count, begin + window);
                std::vector<std::size_t> members(end - begin);
                std::iota(members.begin(), members.end(), begin);
                std::shuffle(members.begin(), members.end(), random);
                for (std::size_t m = 0; m + 4 <= members.size(); m += 4) {
                    std::array<std::size_t, 4> permutation{0, 1, 2, 3}, best = permutation;
                    float least = 1e30f;
                    do {
                        float sum = 0;
                        for (std::size_t k = 0; k < 4; ++k)
                            sum += distance(features[order[members[m + permutation[k]]]],
                                            target[place_of(members[m + k])]);
                        if (sum < least) least = sum, best = permutation;
                    } while (std::next_permutation(permutation.begin(), permutation.end()));
                    std::array<std::size_t, 4> moved{};
                    for (std::size_t k = 0; k < 4; ++k) moved[k] = order[members[m + best[k]]];
                    for (std::size_t k = 0; k < 4; ++k) order[members[m + k]] = moved[k];
                }
            }
        }
    return order;
}

}  // namespace volumen::bench
