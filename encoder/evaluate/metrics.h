// How far a picture is from the truth. Images are 8-bit RGB of one size.
#pragma once

#include <optional>

#include "formats/core/image.h"

namespace volumen {

/// What two equal images count as, dB: the mean over a take must stay a number.
inline constexpr double kPerfectPsnr = 100;

/// PSNR in dB over the pixels where `counts` (1 channel, same size; empty: everywhere) is at least
/// `threshold`; nothing where there is no such pixel. At most kPerfectPsnr.
std::optional<double> psnr(const Image8& a, const Image8& b, const Image8& counts = {}, int threshold = 1);

/// Mean structural similarity over pixels and colours: 11 × 11 Gaussian window, σ 1.5, zero padding,
/// C1 = 0.01², C2 = 0.03² for values in [0, 1]. Where `valid` (as above) is 0, the images count as equal and
/// the pixel is left out of the mean; nothing where all are.
std::optional<double> ssim(const Image8& a, const Image8& b, const Image8& valid = {});

/// Mean over pixels and colours of |(render - render_before) - (truth - truth_before)|, 8-bit levels.
std::optional<double> flicker(const Image8& render, const Image8& render_before, const Image8& truth,
                              const Image8& truth_before, const Image8& valid = {});

/// Planes in [0, 1] rounded to 8-bit RGB.
Image8 to_8_bit(const PlanarImage& image);

/// The colours of an RGB or RGBA image.
Image8 without_alpha(const Image8& image);

}  // namespace volumen
