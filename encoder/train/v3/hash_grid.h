// A multi-resolution hash grid of features (Müller et al. 2022, "Instant Neural Graphics Primitives").
#pragma once

#include <cstdint>
#include <glm/glm.hpp>
#include <random>
#include <span>
#include <vector>

#include "encoder/train/v3/parameters.h"

namespace volumen::train {

/// Of an entry: one vec4, here and in a shader.
inline constexpr int kGridFeatures = 4;

struct HashGridSettings {
    static constexpr int kLevels = 16, kEntriesLog2 = 15, kBaseResolution = 16;
    static constexpr double kGrowth = 1.5;

    int levels = kLevels;
    int entries_log2 = kEntriesLog2;  ///< at most so many entries a level; up to 16, as indices have 16 bits
    int base_resolution = kBaseResolution;  ///< cells along an edge of the coarsest level
    double growth = kGrowth;                ///< of the resolution from level to level
};

/// One level's cells and where its entries lie.
struct GridLevel {
    std::uint32_t resolution;  ///< cells along an edge: floor(base · growth^level)
    std::uint32_t first;       ///< entry of the table
    std::uint32_t entries;     ///< (resolution + 1)^3 if dense, else 2^entries_log2
    bool dense;

    /// The entry of a vertex in [0, resolution]^3, counted from `first`: row by row if dense, else the
    /// spatial hash of Teschner et al. 2003. All arithmetic is modulo 2^32.
    std::uint32_t entry(std::uint32_t x, std::uint32_t y, std::uint32_t z) const {
        const std::uint32_t side = resolution + 1;
        if (dense) return x + side * (y + side * z);
        return (x ^ (y * 2654435761u) ^ (z * 805459861u)) & (entries - 1);
    }
};

/// Features of places in the unit cube, [0, 1]^3. On a level, place p lies at q = p · resolution in 32-bit
/// floats, in the cell min(floor(q), resolution - 1), whose vertices' entries are interpolated trilinearly.
/// The table lies level by level, entry by entry: feature f of entry e of level l is
/// values[(levels()[l].first + e) * kGridFeatures + f]. Features of places ("encoded") lie level by level,
/// place by place: feature f of place i at level l is [(l * places + i) * kGridFeatures + f]. SIMD, threaded,
/// the same bits with any number of threads.
class HashGrid {
  public:
    /// Starts uniform in ±1e-4.
    HashGrid(const HashGridSettings& settings, std::mt19937_64& random);

    const std::vector<GridLevel>& levels() const { return levels_; }
    /// Features of a place.
    std::size_t features() const { return levels_.size() * kGridFeatures; }
    std::size_t places() const { return places_; }
    Parameters& parameters() { return parameters_; }

    /// Places, clamped to [0, 1]^3, for all that follows.
    void rebase(std::span<const glm::vec3> places);
    /// Trilinear interpolation; `encoded`: places() · features().
    void encode(std::span<float> encoded) const;
    /// d loss / d table, laid out like it, from d loss / d encoded.
    std::vector<float> gradient(std::span<const float> d_encoded) const;
    /// A step of Adam down that gradient. Numbers whose gradient is 0, as of all entries that no place
    /// touches, keep their value and their moments, as in instant-ngp.
    void step(std::span<const float> d_encoded, float rate);

  private:
    static constexpr int kCorners = 8;

    /// d loss / d one level of the table; overwrites `gradient`.
    void scatter(std::size_t level, std::span<const float> d_encoded, float* gradient) const;

    std::vector<GridLevel> levels_;
    Parameters parameters_;
    std::size_t places_ = 0;
    /// Of the corners of a place's cell, [level][place][corner]; bits 0, 1, 2 of a corner are x, y, z.
    std::vector<std::uint16_t> corner_entries_;
    std::vector<float> corner_weights_;
    std::vector<std::vector<float>> scratch_;  ///< of each thread: one level's gradient
};

}  // namespace volumen::train
