#include "encoder/train/binning.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "formats/core/parallel.h"

namespace volumen::train {
void TileLists::begin(TileGrid grid, std::size_t splats) {
    grid_ = grid, splats_ = splats;
    runs_.resize((splats + kProjectionRun - 1) / kProjectionRun);
}

void TileLists::add_run(std::size_t first, std::size_t count, const ScreenSplat* screen,
                        const Footprints& footprints) {
    Run& run = runs_[first / kProjectionRun];
    find_hits(grid_, screen + first, count, footprints, run.begin, run.hits);
}

void TileLists::finish(const ScreenSplat* screen) {
    std::uint32_t total = 0;
    for (Run& run : runs_) {
        run.base = total;
        total += run.begin[kProjectionRun];
    }
    entries_.resize(total);
    sort_by_depth(screen);
    scatter();
    find_occupied();
}

/// Radix sort, least digit first, of the bits of the depth: these are positive floats, so that their bits
/// sort as integers do.
void TileLists::sort_by_depth(const ScreenSplat* screen) {
    order_.clear(), keys_.clear();
    for (std::size_t i = 0; i < splats_; ++i) {
        const auto [from, to] = slots(i);
        if (from == to) continue;
        order_.push_back(std::uint32_t(i));
        keys_.push_back(std::bit_cast<std::uint32_t>(screen[i].depth));
    }
    constexpr int kDigitBits = 11;
    constexpr std::uint32_t kDigits = 1u << kDigitBits;
    other_order_.resize(order_.size()), other_keys_.resize(keys_.size());
    for (int shift = 0; shift < 32; shift += kDigitBits) {
        std::uint32_t begin[kDigits] = {};
        for (const std::uint32_t key : keys_) ++begin[key >> shift & (kDigits - 1)];
        if (keys_.empty() || begin[keys_[0] >> shift & (kDigits - 1)] == keys_.size()) continue;
        std::uint32_t sum = 0;
        for (std::uint32_t& b : begin) sum += std::exchange(b, sum);
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            const std::uint32_t to = begin[keys_[i] >> shift & (kDigits - 1)]++;
            other_order_[to] = order_[i], other_keys_[to] = keys_[i];
        }
        order_.swap(other_order_), keys_.swap(other_keys_);
    }
}

/// Counting sort of the hits by tile, stable in depth order: each part of the order counts its hits a tile,
/// and then writes them where the parts before it end.
void TileLists::scatter() {
    constexpr std::size_t kPartSize = 2048, kMaxParts = 16;
    const std::size_t tiles = grid_.tiles();
    const std::size_t parts = std::clamp<std::size_t>(order_.size() / kPartSize, 1, kMaxParts);
    counts_.assign(parts * tiles, 0);
    const auto each_hit = [&](std::size_t part, auto&& visit) {
        const std::size_t from = order_.size() * part / parts, to = order_.size() * (part + 1) / parts;
        for (std::size_t i = from; i < to; ++i) {
            const std::uint32_t splat = order_[i];
            const Run& run = runs_[splat / kProjectionRun];
            const std::uint32_t* begin = run.begin + splat % kProjectionRun;
            for (std::uint32_t h = begin[0]; h < begin[1]; ++h) visit(splat, run.base + h, run.hits[h]);
        }
    };
    const auto count = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t part = begin; part < end; ++part) {
            std::uint32_t* counts = counts_.data() + part * tiles;
            each_hit(part, [&](std::uint32_t, std::uint32_t, const TileHit& hit) { ++counts[hit.tile]; });
        }
    };
    parallel_for(parts, 1, std::cref(count));
    tile_begin_.resize(tiles + 1);
    std::uint32_t sum = 0;
    for (std::size_t tile = 0; tile < tiles; ++tile) {
        tile_begin_[tile] = sum;
        for (std::size_t part = 0; part < parts; ++part)
            sum += std::exchange(counts_[part * tiles + tile], sum);
    }
    tile_begin_[tiles] = sum;
    const auto write = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t part = begin; part < end; ++part) {
            std::uint32_t* next = counts_.data() + part * tiles;
            each_hit(part, [&](std::uint32_t splat, std::uint32_t slot, const TileHit& hit) {
                entries_[next[hit.tile]++] = {splat, slot, hit.blocks};
            });
        }
    };
    parallel_for(parts, 1, std::cref(write));
}

void TileLists::find_occupied() {
    occupied_.clear();
    for (std::size_t tile = 0; tile < grid_.tiles(); ++tile)
        if (tile_begin_[tile] < tile_begin_[tile + 1]) occupied_.push_back(std::uint32_t(tile));
    const auto length = [&](std::uint32_t tile) { return tile_begin_[tile + 1] - tile_begin_[tile]; };
    std::sort(occupied_.begin(), occupied_.end(), [&](std::uint32_t a, std::uint32_t b) {
        return length(a) != length(b) ? length(a) > length(b) : a < b;
    });
}

}  // namespace volumen::train
