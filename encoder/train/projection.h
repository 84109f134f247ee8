// Splats in the world <-> ellipses on the image. Part of the rasteriser; see rasteriser.h for the model.
#pragma once

#include <cstddef>
#include <cstdint>

#include "encoder/train/rasteriser.h"

namespace volumen::train {

/// Splats are projected in runs of this many; each run has its own list of tile hits.
inline constexpr std::size_t kProjectionRun = 256;

/// What the blend loops need of a splat. At the pixel centre p, with (dx, dy) = p - (x, y), alpha before the
/// clip is exp2(log2_opacity + a dx² + b dx dy + c dy²).
struct ScreenSplat {
    float x, y;     ///< centre, pixels
    float a, b, c;  ///< conic, scaled by -½ log2(e) (b by -log2(e))
    float log2_opacity;
    float colour[3];
    float depth;
    float unused[2];
};
static_assert(sizeof(ScreenSplat) == 48);

/// The ellipse alpha >= 1/255 of each splat of a run. Relative to the centre, in pixels, it spans
/// slope · dy ± sqrt(span - curvature · dy²) at height dy, and reaches furthest right at dy = peak, furthest
/// left at -peak. The pixels whose centres its bounding box holds, inside the image, are [first_x, last_x] ×
/// [first_y, last_y]; first_y > last_y where the splat is not to be drawn.
struct Footprints {
    alignas(64) float slope[kProjectionRun], span[kProjectionRun], curvature[kProjectionRun],
        peak[kProjectionRun];
    alignas(64) std::int32_t first_x[kProjectionRun], last_x[kProjectionRun], first_y[kProjectionRun],
        last_y[kProjectionRun];
};
/// Pixels added to the bounds of an ellipse: rounding never cuts a pixel, and the blend loops test each one.
inline constexpr float kSlack = 1e-2f;

/// Sums over the pixels of each splat of a run. G = d loss / d ln(alpha), w = alpha · T, (dx, dy) as above.
struct ScreenSums {
    enum { kG, kGx, kGy, kWeight, kGxx, kGxy, kGyy, kUnused, kRed, kGreen, kBlue, kUnused2, kCount };
    alignas(64) float value[kCount][kProjectionRun];
    alignas(64) float drawn[kProjectionRun];  ///< 1, or 0: all gradients are 0
};

/// The camera and settings, digested.
struct View {
    float rotation[3][3], translation[3];  ///< world to camera, row-major
    float eye[3];
    int width, height;
    float fx, fy, cx, cy;
    float u_min, u_max, v_min, v_max;  ///< limits of x / z and y / z in the Jacobian
    float dilation;
    bool compensate;
    int degree;  ///< SH degree evaluated
    Draws draws;
    float depth_origin, inverse_depth_unit;
};
View make_view(const Camera& camera, const RasterSettings& settings, int cloud_degree);

/// Splats nearer than this are not drawn.
inline constexpr float kNearest = 0.05f;
inline constexpr float kMaxAlpha = 0.99f;
inline constexpr float kMinAlpha = 1.0f / 255;
/// Alphas below kMinAlpha are cut: log2(255).
inline constexpr float kLog2Cut = 7.99435343685886f;

/// Projects splats [begin, end), at most kProjectionRun; `screen` and `radii` are the whole cloud's.
void project(const SplatCloud& cloud, const View& view, std::size_t begin, std::size_t end,
             ScreenSplat* screen, float* radii, Footprints& footprints);

/// Carries sums back to all channels of splats [begin, end) of `gradients`.
void project_backward(const SplatCloud& cloud, const View& view, std::size_t begin, std::size_t end,
                      const ScreenSums& sums, SplatCloud& gradients, float* screen_gradients);

}  // namespace volumen::train
