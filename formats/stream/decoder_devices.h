// The hardware decoders that FFmpeg and the machine have. Private to formats/stream.
#pragma once

extern "C" {
#include <libavutil/hwcontext.h>
}

#include <vector>

#include "formats/media/ffmpeg.h"
#include "formats/stream/decoder_choice.h"
#include "formats/stream/reader.h"

namespace volumen {

struct HardwareDecoder {
    DeviceOffer offer;
    const AVCodec* codec = nullptr;
    AVPixelFormat format = AV_PIX_FMT_NONE;  ///< of pictures that are on the device
    AVBufferRef* device = nullptr;           ///< kept open to the program's end, shared by all videos
};

/// All that `acceleration` allows for a codec, best first, those that cannot decode too. Threads may call it.
std::vector<HardwareDecoder> find_decoders(AVCodecID codec, HwAccel acceleration);

}  // namespace volumen
