#include "encoder/train/binning.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <stdexcept>
#include <utility>

#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

/// Enough for any number of threads to share the work, few enough for one count a tile and part.
constexpr std::size_t kMaxParts = 48;

}  // namespace

void TileLists::begin(TileGrid grid, std::size_t splats) {
    grid_ = grid, splats_ = splats;
    runs_.resize((splats + kProjectionRun - 1) / kProjectionRun);
    parts_ = std::min(runs_.size(), kMaxParts);
    counts_.assign(parts_ * grid.tiles(), 0);
}

std::pair<std::size_t, std::size_t> TileLists::part(std::size_t index) const {
    const auto start = [&](std::size_t i) {
        return std::min(i * runs_.size() / parts_ * kProjectionRun, splats_);
    };
    return {start(index), start(index + 1)};
}

void TileLists::add_run(std::size_t part, std::size_t first, std::size_t count, const ScreenSplat* screen,
                        const Footprints& footprints) {
    Run& run = runs_[first / kProjectionRun];
    find_hits(grid_, screen + first, count, footprints, run.begin, run.hits);
    std::uint32_t* counts = counts_.data() + part * grid_.tiles();
    for (std::size_t h = 0; h < run.begin[kProjectionRun]; ++h) ++counts[run.hits[h].tile];
}

void TileLists::finish(const ScreenSplat* screen) {
    std::uint64_t total = 0;
    for (Run& run : runs_) {
        run.base = std::uint32_t(total);
        total += run.begin[kProjectionRun];
    }
    if (total >> 32)
        throw std::length_error("the splats are too large on the image: over 4 billion tile entries");
    unsorted_.resize(total), sorted_.resize(total), places_.resize(total);
    keys_.resize(total), other_keys_.resize(total);
    place_lists();
    const auto scatter = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) scatter_part(i, screen);
    };
    parallel_for(parts_, 1, std::cref(scatter));
    const auto sort = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) sort_tile(occupied_[i], screen);
    };
    parallel_for(occupied_.size(), 1, std::cref(sort));
}

/// Turns the counts into where the hits of each part go in each tile's list: part after part.
void TileLists::place_lists() {
    const std::size_t tiles = grid_.tiles();
    tile_begin_.resize(tiles + 1);
    occupied_.clear();
    std::uint32_t sum = 0;
    for (std::size_t tile = 0; tile < tiles; ++tile) {
        tile_begin_[tile] = sum;
        for (std::size_t part = 0; part < parts_; ++part)
            sum += std::exchange(counts_[part * tiles + tile], sum);
        if (sum > tile_begin_[tile]) occupied_.push_back(std::uint32_t(tile));
    }
    tile_begin_[tiles] = sum;
    const auto length = [&](std::uint32_t tile) { return tile_begin_[tile + 1] - tile_begin_[tile]; };
    std::ranges::sort(occupied_, [&](std::uint32_t a, std::uint32_t b) {
        return length(a) != length(b) ? length(a) > length(b) : a < b;
    });
}

void TileLists::scatter_part(std::size_t part_index, const ScreenSplat* screen) {
    std::uint32_t* next = counts_.data() + part_index * grid_.tiles();
    const auto [first, last] = part(part_index);
    for (std::size_t splat = first; splat < last; ++splat) {
        const Run& run = runs_[splat / kProjectionRun];
        const std::uint32_t* begin = run.begin + splat % kProjectionRun;
        // Depths are positive: their bits are in the order of their values.
        const std::uint32_t depth = std::bit_cast<std::uint32_t>(screen[splat].depth);
        for (std::uint32_t h = begin[0]; h < begin[1]; ++h) {
            const std::uint32_t at = next[run.hits[h].tile]++;
            unsorted_[at] = {std::uint32_t(splat), run.base + h, run.hits[h].blocks};
            keys_[at].depth = depth;
        }
    }
}

/// Radix sort, least digit first and thus stable, of as many bits as the tile's depths differ in.
void TileLists::sort_tile(std::size_t tile, const ScreenSplat* screen) {
    const std::uint32_t begin = tile_begin_[tile], count = tile_begin_[tile + 1] - begin;
    Key *from = keys_.data() + begin, *to = other_keys_.data() + begin;
    std::uint32_t least = ~0u, most = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        least = std::min(least, from[i].depth), most = std::max(most, from[i].depth);
        from[i].place = i;
    }
    constexpr int kMaxDigitBits = 11;
    const int bits = std::bit_width(most - least);
    const int passes = (bits + (count < 1000 ? 7 : kMaxDigitBits - 1)) / (count < 1000 ? 8 : kMaxDigitBits);
    const int digit_bits = passes ? (bits + passes - 1) / passes : 0;
    std::array<std::uint32_t, 1 << kMaxDigitBits> starts;
    for (int pass = 0; pass < passes; ++pass) {
        const auto digit = [&](const Key& key) {
            return (key.depth - least) >> (pass * digit_bits) & ((1u << digit_bits) - 1);
        };
        std::fill_n(starts.begin(), std::size_t(1) << digit_bits, 0u);
        for (std::uint32_t i = 0; i < count; ++i) ++starts[digit(from[i])];
        std::uint32_t sum = 0;
        for (int i = 0; i < 1 << digit_bits; ++i) sum += std::exchange(starts[std::size_t(i)], sum);
        for (std::uint32_t i = 0; i < count; ++i) to[starts[digit(from[i])]++] = from[i];
        std::swap(from, to);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const Unsorted& hit = unsorted_[begin + from[i].place];
        const ScreenSplat& s = screen[hit.splat];
        sorted_[begin + i] = {
            s.x, s.y, s.a, s.b, s.c, s.log2_opacity, {s.colour[0], s.colour[1], s.colour[2]}, 0, hit.blocks};
        places_[hit.hit] = begin + i;
    }
}

}  // namespace volumen::train
