#include "formats/stream/frame.h"

#include <algorithm>
#include <cmath>

#include "formats/core/parallel.h"

namespace volumen {

namespace {

constexpr std::size_t kBlocksAtOnce = 16;

/// The planes of one splat, as luma, and where it lies.
struct CodedSplat {
    const PackedFrame& frame;
    const SegmentLayout& layout;
    std::size_t block, pixel;  // pixel: of a plane whose corner is (0, 0)

    CodedSplat(const PackedFrame& f, std::size_t splat)
        : frame(f), layout(*f.layout), block(splat / kBlockSplats) {
        const std::size_t place = splat % kBlockSplats;
        const std::size_t x = block % layout.blocks_per_row * kBlockSide + place % kBlockSide;
        const std::size_t y = block / layout.blocks_per_row * kBlockSide + place / kBlockSide;
        pixel = y * std::size_t(layout.atlas_width) + x;
    }
    int luma(int plane) const {
        const std::size_t p = std::size_t(plane);
        return frame.luma[std::size_t(layout.plane_y[p]) * layout.atlas_width + layout.plane_x[p] + pixel];
    }
    float position(int axis) const {
        const std::size_t i = block * 3 + std::size_t(axis);
        const std::int32_t grid =
            frame.position_offset[i] + (luma(kPlanePosition + axis) << layout.position_shift[i]);
        return layout.position_origin[std::size_t(axis)] + layout.position_step * float(grid);
    }
    float value(int plane) const {
        const std::size_t p = std::size_t(plane);
        return layout.plane_min[p] + layout.plane_step[p] * float(luma(plane));
    }
};

void reconstruct_splat(const CodedSplat& coded, std::size_t i, SplatCloud& out) {
    for (int axis = 0; axis < 3; ++axis) {
        out.channel(SplatCloud::kPosition + axis)[i] = coded.position(axis);
        out.channel(SplatCloud::kScale + axis)[i] = coded.value(kPlaneScale + axis);
    }
    const float x = coded.value(kPlaneRotation), y = coded.value(kPlaneRotation + 1),
                z = coded.value(kPlaneRotation + 2);
    const float squared = x * x + y * y + z * z;
    const float w = std::sqrt(std::max(0.0f, 1 - squared));
    const float scale = 1 / std::sqrt(squared + w * w);
    out.channel(SplatCloud::kRotation)[i] = w * scale;
    out.channel(SplatCloud::kRotation + 1)[i] = x * scale;
    out.channel(SplatCloud::kRotation + 2)[i] = y * scale;
    out.channel(SplatCloud::kRotation + 3)[i] = z * scale;
    const float alpha = std::clamp(coded.value(kPlaneOpacity), kMinCodedAlpha, kMaxCodedAlpha);
    out.channel(SplatCloud::kOpacity)[i] = std::log(alpha / (1 - alpha));
    for (int k = 0; k < sh_coefficients(out.sh_degree); ++k) {
        const float luminance = coded.value(kPlaneSh + 3 * k);
        const float orange = coded.value(kPlaneSh + 3 * k + 1), green = coded.value(kPlaneSh + 3 * k + 2);
        out.channel(SplatCloud::kSh + 3 * k)[i] = luminance - green + orange;
        out.channel(SplatCloud::kSh + 3 * k + 1)[i] = luminance + green;
        out.channel(SplatCloud::kSh + 3 * k + 2)[i] = luminance - green - orange;
    }
}

}  // namespace

SplatCloud reconstruct(const PackedFrame& frame) {
    if (frame.skin) return reconstruct_skin(*frame.skin, frame.index - frame.skin->first_frame);
    const SegmentLayout& layout = *frame.layout;
    SplatCloud out(layout.splat_count, layout.sh_degree);
    parallel_for(layout.blocks(), kBlocksAtOnce, [&](std::size_t begin, std::size_t end, int) {
        const std::size_t last = std::min<std::size_t>(end * kBlockSplats, layout.splat_count);
        for (std::size_t i = begin * kBlockSplats; i < last; ++i)
            reconstruct_splat(CodedSplat(frame, i), i, out);
    });
    return out;
}

}  // namespace volumen
