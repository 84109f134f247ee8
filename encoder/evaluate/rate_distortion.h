// What streams of one take cost, and what they show for it.
#pragma once

#include <span>
#include <string>

#include "encoder/evaluate/figures.h"

namespace volumen {

/// "h264" -> "H.264"; what is no codec's name stays as it is.
std::string codec_title(const std::string& codec);

/// The report's cards: PSNR over kB a frame, inside the mask too where there is one, a curve for each profile
/// and codec, models as levels; then a table. Nothing without points.
std::string rate_distortion_cards(std::span<const RatePoint> points);

}  // namespace volumen
