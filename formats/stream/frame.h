// One decoded frame of a stream, before dequantisation: what the reconstruction shader reads.
// FORMAT.md, "Reconstruction", is the specification; reconstruct() is the CPU's implementation of it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "formats/splats/cloud.h"
#include "formats/stream/skin_segment.h"

namespace volumen {

/// Splats a block: 8 × 8 of the atlas, one H.264 High transform block, so that what differs from block to
/// block costs the codec one DC coefficient and never leaks over a block's edge.
inline constexpr int kBlockSide = 8, kBlockSplats = kBlockSide * kBlockSide;

/// Coded planes, in this order: position x y z, rotation x y z (w follows), log-scale x y z, opacity, then
/// SH coefficient k as Y, Co, Cg at kPlaneSh + 3 * k.
inline constexpr int kPlanePosition = 0, kPlaneRotation = 3, kPlaneScale = 6, kPlaneOpacity = 9,
                     kPlaneSh = 10;
constexpr int plane_count(int sh_degree) {
    return kPlaneSh + 3 * sh_coefficients(sh_degree);
}

/// Decoded opacities stay within these, so that their logits are finite.
inline constexpr float kMinCodedAlpha = 1.0f / 1024, kMaxCodedAlpha = 1023.0f / 1024;

/// What holds for all frames of a segment. Splat i lies in block b = i / 64 at place j = i % 64; plane p
/// shows it at pixel (plane_x[p] + 8 * (b % blocks_per_row) + j % 8, plane_y[p] + 8 * (b / blocks_per_row) +
/// j / 8).
struct SegmentLayout {
    int first_frame = 0, frame_count = 0;
    std::uint32_t splat_count = 0;
    int sh_degree = 0;
    int atlas_width = 0, atlas_height = 0;  ///< samples, of all tracks' pictures one below the other
    int tracks = 1;                         ///< videos that the atlas comes from: each plane lies in one
    std::uint32_t blocks_per_row = 0;
    std::vector<std::uint16_t> plane_x, plane_y;  ///< plane_count(sh_degree) each

    /// position axis a = position_origin[a] + position_step * (offset[b][a] + (luma << shift[b][a])), the
    /// integer part exact
    std::array<float, 3> position_origin{};
    float position_step = 0;
    std::vector<std::uint8_t> position_shift;  ///< blocks × 3

    /// every other plane p: value = plane_min[p] + plane_step[p] * luma
    std::vector<float> plane_min, plane_step;

    int picture_height() const { return atlas_height / tracks; }
    std::uint32_t blocks() const { return (splat_count + kBlockSplats - 1) / kBlockSplats; }
};

/// A decoded frame. Of an atlas: luma and the exact parts from the side file. Of joints and skin: the
/// segment, which has all its frames.
struct PackedFrame {
    int index = 0;                            ///< frame number in the take
    std::shared_ptr<const SkinSegment> skin;  ///< joints and skin: the members below are not used
    std::shared_ptr<const SegmentLayout> layout;
    std::vector<std::uint8_t> luma;             ///< atlas_width × atlas_height, no padding
    std::vector<std::int32_t> position_offset;  ///< blocks × 3

    std::uint32_t splat_count() const { return skin ? skin->splat_count : layout->splat_count; }
    int sh_degree() const { return skin ? skin->sh_degree : layout->sh_degree; }
};

/// Dequantises a frame; of joints and skin as reconstruct_skin() does. Of an atlas: rotation: v = (x, y, z)
/// as coded, w = sqrt(max(0, 1 - |v|²)), then normalised. Opacity: the plane's value is alpha, clamped to
/// [1/1024, 1023/1024], returned as its logit. SH: with Y, Co, Cg of a coefficient, G = Y + Cg, R = Y - Cg +
/// Co, B = Y - Cg - Co.
SplatCloud reconstruct(const PackedFrame& frame);

}  // namespace volumen
