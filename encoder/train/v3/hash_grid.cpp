#include "encoder/train/v3/hash_grid.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <functional>

#include "encoder/train/uniform.h"
#include "formats/core/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/train/v3/hash_grid.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
/// One entry, but for targets without vectors.
constexpr hn::CappedTag<float, kGridFeatures> d4;

/// encoded[i] = Σ weight · table[entry] over the 8 corners of each of `count` places.
void gather_corners(const std::uint16_t* entries, const float* weights, std::size_t count, const float* table,
                    float* encoded) {
    for (std::size_t i = 0; i < count; ++i, entries += 8, weights += 8, encoded += kGridFeatures)
        for (std::size_t f = 0; f < kGridFeatures; f += hn::Lanes(d4)) {
            const auto at = [&](int corner) {
                return hn::LoadU(d4, table + entries[corner] * kGridFeatures + f);
            };
            const auto weight = [&](int corner) { return hn::Set(d4, weights[corner]); };
            // Two sums, as one would wait for itself.
            auto low = weight(0) * at(0), high = weight(4) * at(4);
            for (int corner = 1; corner < 4; ++corner) {
                low = hn::MulAdd(weight(corner), at(corner), low);
                high = hn::MulAdd(weight(corner + 4), at(corner + 4), high);
            }
            hn::StoreU(low + high, d4, encoded + f);
        }
}

/// gradient[entry] += weight · d_encoded[i], place by place, corner by corner.
void scatter_corners(const std::uint16_t* entries, const float* weights, std::size_t count,
                     const float* d_encoded, float* gradient) {
    for (std::size_t i = 0; i < count; ++i, entries += 8, weights += 8, d_encoded += kGridFeatures)
        for (std::size_t f = 0; f < kGridFeatures; f += hn::Lanes(d4)) {
            const auto d = hn::LoadU(d4, d_encoded + f);
            for (int corner = 0; corner < 8; ++corner) {
                float* to = gradient + entries[corner] * kGridFeatures + f;
                hn::StoreU(hn::MulAdd(hn::Set(d4, weights[corner]), d, hn::LoadU(d4, to)), d4, to);
            }
        }
}

}  // namespace
}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace volumen::train {

HWY_EXPORT(gather_corners);
HWY_EXPORT(scatter_corners);

namespace {

constexpr float kStart = 1e-4f;
/// Cells along an edge that leave a 32-bit float some bits for the place within a cell.
[[maybe_unused]] constexpr double kFinest = 1 << 20;

std::vector<GridLevel> make_levels(const HashGridSettings& settings) {
    assert(settings.levels >= 1 && settings.entries_log2 >= 1 && settings.entries_log2 <= 16);
    assert(settings.base_resolution >= 1 && settings.growth >= 1);
    const std::uint32_t most = 1u << settings.entries_log2;
    std::vector<GridLevel> levels;
    double resolution = settings.base_resolution;
    std::uint32_t first = 0;
    for (int l = 0; l < settings.levels; ++l, resolution *= settings.growth) {
        assert(resolution <= kFinest);
        GridLevel level{std::uint32_t(resolution), first, most, false};
        const double vertices = std::pow(double(level.resolution) + 1, 3);
        if (vertices <= double(most)) level.dense = true, level.entries = std::uint32_t(vertices);
        first += level.entries;
        levels.push_back(level);
    }
    return levels;
}

}  // namespace

HashGrid::HashGrid(const HashGridSettings& settings, std::mt19937_64& random)
    : levels_(make_levels(settings)),
      parameters_(std::size_t(levels_.back().first + levels_.back().entries) * kGridFeatures) {
    for (float& value : parameters_.values) value = kStart * (2 * uniform(random) - 1);
}

void HashGrid::rebase(std::span<const glm::vec3> places) {
    places_ = places.size();
    corner_entries_.resize(levels_.size() * places_ * kCorners);
    corner_weights_.resize(corner_entries_.size());
    constexpr std::size_t kGrain = 4096;
    const auto body = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t k = begin; k < end; ++k) {
            const GridLevel& level = levels_[k / places_];
            const glm::vec3 at =
                glm::clamp(places[k % places_], glm::vec3(0), glm::vec3(1)) * float(level.resolution);
            // The far face belongs to the last cell.
            const glm::uvec3 cell = glm::min(glm::uvec3(at), glm::uvec3(level.resolution - 1));
            const glm::vec3 high = at - glm::vec3(cell), low = 1.0f - high;
            for (std::uint32_t corner = 0; corner < kCorners; ++corner) {
                const glm::uvec3 side(corner & 1, corner >> 1 & 1, corner >> 2);
                corner_entries_[k * kCorners + corner] =
                    std::uint16_t(level.entry(cell.x + side.x, cell.y + side.y, cell.z + side.z));
                corner_weights_[k * kCorners + corner] =
                    (side.x ? high.x : low.x) * (side.y ? high.y : low.y) * (side.z ? high.z : low.z);
            }
        }
    };
    parallel_for(levels_.size() * places_, kGrain, std::cref(body));
}

void HashGrid::encode(std::span<float> encoded) const {
    assert(encoded.size() == places_ * features());
    // Large enough that mostly one thread reads a level, out of its own cache.
    constexpr std::size_t kRun = 16384;
    const std::size_t runs = (places_ + kRun - 1) / kRun;
    const auto body = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t task = begin; task < end; ++task) {
            const std::size_t level = task / runs, from = task % runs * kRun;
            const std::size_t at = level * places_ + from;
            HWY_DYNAMIC_DISPATCH(gather_corners)
            (corner_entries_.data() + at * kCorners, corner_weights_.data() + at * kCorners,
             std::min(kRun, places_ - from), parameters_.values.data() + levels_[level].first * kGridFeatures,
             encoded.data() + at * kGridFeatures);
        }
    };
    parallel_for(levels_.size() * runs, 1, std::cref(body));
}

void HashGrid::scatter(std::size_t level, std::span<const float> d_encoded, float* gradient) const {
    std::memset(gradient, 0, levels_[level].entries * kGridFeatures * sizeof(float));
    const std::size_t at = level * places_;
    HWY_DYNAMIC_DISPATCH(scatter_corners)
    (corner_entries_.data() + at * kCorners, corner_weights_.data() + at * kCorners, places_,
     d_encoded.data() + at * kGridFeatures, gradient);
}

std::vector<float> HashGrid::gradient(std::span<const float> d_encoded) const {
    assert(d_encoded.size() == places_ * features());
    std::vector<float> out(parameters_.values.size());
    for (std::size_t level = 0; level < levels_.size(); ++level)
        scatter(level, d_encoded, out.data() + levels_[level].first * kGridFeatures);
    return out;
}

void HashGrid::step(std::span<const float> d_encoded, float rate) {
    assert(d_encoded.size() == places_ * features());
    ++parameters_.steps;
    std::size_t largest = 0;
    for (const GridLevel& level : levels_) largest = std::max<std::size_t>(largest, level.entries);
    scratch_.resize(std::size_t(thread_count()));
    // A level has one owner: sums in the order of the places, and a gradient that never leaves the cache.
    const auto body = [&](std::size_t begin, std::size_t end, int thread) {
        std::vector<float>& gradient = scratch_[std::size_t(thread)];
        gradient.resize(largest * kGridFeatures);
        for (std::size_t level = begin; level < end; ++level) {
            scatter(level, d_encoded, gradient.data());
            AdamUpdate update =
                parameters_.update(levels_[level].first * kGridFeatures,
                                   levels_[level].entries * kGridFeatures, gradient.data(), rate);
            update.skip_zeros = true;
            adam_update(update);
        }
    };
    parallel_for(levels_.size(), 1, std::cref(body));
}

}  // namespace volumen::train
#endif
