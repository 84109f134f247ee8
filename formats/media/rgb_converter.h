// Decoded frames as 8-bit RGB.
#pragma once

#include <string>

#include "formats/core/image.h"
#include "formats/media/ffmpeg.h"

namespace volumen {

/// What a frame means that does not say it itself.
struct ColourDefaults {
    AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;  ///< unspecified: BT.709 from 720 lines up, else BT.601
    AVColorRange range = AVCOL_RANGE_MPEG;
    AVChromaLocation chroma = AVCHROMA_LOC_LEFT;
};

/// Converts frames to 8-bit RGB, or RGBA (straight) where the pixel format has alpha. RGB, grey and palette
/// formats are converted exactly (16 bits rounded to 8); YUV by the frame's own matrix, range and chroma
/// position. Keeps what it prepared between frames of one kind. Throws InputError that names `file`.
class RgbConverter {
  public:
    explicit RgbConverter(ColourDefaults defaults) : defaults_(defaults) {}
    void convert(const AVFrame& frame, Image8& out, const std::string& file);

  private:
    void convert_yuv(const AVFrame& frame, bool alpha, Image8& out, const std::string& file);

    ColourDefaults defaults_;
    SwsContextPtr scaler_;
    int prepared_for_[6] = {};  ///< width, height, pixel format, matrix, range, chroma position
};

}  // namespace volumen
