#include "formats/stream/decoder_devices.h"

#include <map>
#include <mutex>

namespace volumen {

namespace {

std::vector<AVHWDeviceType> wanted_devices(HwAccel acceleration) {
    std::vector<AVHWDeviceType> types;
    const auto add = [&](HwAccel kind, AVHWDeviceType type) {
        if (acceleration == kind || acceleration == HwAccel::automatic) types.push_back(type);
    };
    add(HwAccel::cuda, AV_HWDEVICE_TYPE_CUDA);
    add(HwAccel::vaapi, AV_HWDEVICE_TYPE_VAAPI);
    add(HwAccel::vulkan, AV_HWDEVICE_TYPE_VULKAN);
    return types;
}

/// A decoder of `id` that runs on a device of `type`, if this FFmpeg has one.
void find_codec(AVCodecID id, AVHWDeviceType type, HardwareDecoder& out) {
    void* state = nullptr;
    while (const AVCodec* codec = av_codec_iterate(&state)) {
        if (codec->id != id || !av_codec_is_decoder(codec)) continue;
        for (int i = 0; const AVCodecHWConfig* config = avcodec_get_hw_config(codec, i); ++i)
            if (config->device_type == type && config->methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX) {
                out.codec = codec, out.format = config->pix_fmt;
                return;
            }
    }
}

/// Opens a device the first time; what did not open then is not tried again.
AVBufferRef* open_device(AVHWDeviceType type, std::string& trouble) {
    struct Opened {
        AVBufferRef* device = nullptr;
        std::string trouble;
    };
    static std::mutex mutex;
    static std::map<AVHWDeviceType, Opened>& known = *new std::map<AVHWDeviceType, Opened>;
    const std::lock_guard lock(mutex);
    const auto [at, fresh] = known.try_emplace(type);
    if (fresh) {
        forget_ffmpeg_error();
        const int error = av_hwdevice_ctx_create(&at->second.device, type, nullptr, nullptr, 0);
        if (error < 0) at->second.trouble = ffmpeg_error(error);
    }
    trouble = at->second.trouble;
    return at->second.device;
}

void read_limits(HardwareDecoder& decoder) {
    AVHWFramesConstraints* c = av_hwdevice_get_hwframe_constraints(decoder.device, nullptr);
    if (!c) return;
    decoder.offer.min_width = c->min_width, decoder.offer.min_height = c->min_height;
    if (c->max_width > 0) decoder.offer.max_width = c->max_width;
    if (c->max_height > 0) decoder.offer.max_height = c->max_height;
    av_hwframe_constraints_free(&c);
}

}  // namespace

std::vector<HardwareDecoder> find_decoders(AVCodecID codec, HwAccel acceleration) {
    prepare_ffmpeg();
    std::vector<HardwareDecoder> out;
    for (const AVHWDeviceType type : wanted_devices(acceleration)) {
        HardwareDecoder& decoder = out.emplace_back();
        decoder.offer.device = av_hwdevice_get_type_name(type);
        find_codec(codec, type, decoder);
        if (decoder.codec)
            decoder.device = open_device(type, decoder.offer.trouble);
        else
            decoder.offer.trouble = "this FFmpeg has no such decoder";
        if (decoder.device) read_limits(decoder);
    }
    return out;
}

}  // namespace volumen
