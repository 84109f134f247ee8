// FORMAT.md, sections 6.6, 6.7 and 7.2, once more: slowly, in the order of the text, sharing nothing with the
// reader. Of section 6.4 only what the chunks' heads say; floats are doubles.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace volumen {

/// What the side file's header and index say of a segment.
struct ReferenceFacts {
    std::uint64_t splats = 0, frames = 0, sh_degree = 0, atlas_width = 0, atlas_height = 0;
};

struct ReferenceSkin {
    ReferenceFacts facts;
    std::uint64_t joint_count = 0, joint_shift = 0;
    std::array<double, 3> origin{};
    double grid = 0, rotation_step = 0, turn_step = 0;
    std::uint64_t pictures = 0, columns = 0, strip_rows = 0;
    std::array<std::array<double, 3>, 4> scale{};  ///< low, step, change_step of each look-up

    using Places = std::array<std::int64_t, 6>;
    std::vector<std::vector<Places>> joints;         ///< [frame][joint]
    std::vector<std::uint64_t> owned;                ///< [joint]
    std::vector<std::array<std::int64_t, 3>> place;  ///< [splat]
    std::vector<std::array<std::uint16_t, 3>> level;
    std::array<std::vector<std::uint16_t>, 4> mean;  ///< [look-up][splat]
    std::array<std::vector<std::uint64_t>, 4> rank;
    struct Book {
        std::vector<double> low, step;                  ///< [dimension]
        std::vector<std::vector<std::uint16_t>> entry;  ///< [entry][dimension]
        std::vector<std::vector<std::uint16_t>> used;   ///< [frame][splat]
    };
    std::vector<Book> books;  ///< [degree]
    std::vector<std::uint32_t> checksums;
    std::vector<std::vector<std::uint64_t>> anchors;  ///< [splat], nearest first
    std::vector<std::vector<double>> weights;

    /// Where a sample stands in all pictures' luma, one picture after the other.
    std::uint64_t sample(std::uint64_t lookup, std::uint64_t splat, std::uint64_t frame) const;
    /// A splat as SplatCloud's channels have it. `luma`: all pictures'.
    std::vector<double> splat(std::uint64_t splat, std::uint64_t frame,
                              std::span<const std::uint8_t> luma) const;
};

/// A segment; nothing where the text does not allow it.
std::optional<ReferenceSkin> reference_skin(std::span<const std::uint8_t> bytes, const ReferenceFacts& facts);

}  // namespace volumen
