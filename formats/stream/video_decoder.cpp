extern "C" {
#include <libavutil/hwcontext.h>
#include <libavutil/pixdesc.h>
}

#include <cassert>

#include "formats/core/parallel.h"
#include "formats/stream/limits.h"
#include "formats/stream/memory_demuxer.h"
#include "formats/stream/video.h"

namespace volumen {

namespace {

struct FreeBuffer {
    void operator()(AVBufferRef* p) const { av_buffer_unref(&p); }
};
using BufferPtr = std::unique_ptr<AVBufferRef, FreeBuffer>;

struct Device {
    AVHWDeviceType type = AV_HWDEVICE_TYPE_NONE;
    const AVCodec* codec = nullptr;
    AVPixelFormat format = AV_PIX_FMT_NONE;
    BufferPtr context;
};

std::vector<AVHWDeviceType> wanted_devices(HwAccel acceleration) {
    std::vector<AVHWDeviceType> types;
    const auto add = [&](HwAccel kind, AVHWDeviceType type) {
        if (acceleration == kind || acceleration == HwAccel::automatic) types.push_back(type);
    };
    add(HwAccel::cuda, AV_HWDEVICE_TYPE_CUDA);
    add(HwAccel::vaapi, AV_HWDEVICE_TYPE_VAAPI);
// Vulkan Video came with FFmpeg 6.1.
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 100)
    add(HwAccel::vulkan, AV_HWDEVICE_TYPE_VULKAN);
#endif
    return types;
}

/// A decoder of `id` that runs on a device of `type`, if this FFmpeg has one.
Device find_decoder(AVCodecID id, AVHWDeviceType type) {
    void* state = nullptr;
    while (const AVCodec* codec = av_codec_iterate(&state)) {
        if (codec->id != id || !av_codec_is_decoder(codec)) continue;
        for (int i = 0; const AVCodecHWConfig* config = avcodec_get_hw_config(codec, i); ++i)
            if (config->device_type == type && config->methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX)
                return {type, codec, config->pix_fmt, nullptr};
    }
    return {};
}

/// The first device that opens. None: software.
Device open_device(AVCodecID id, HwAccel acceleration) {
    if (acceleration == HwAccel::none) return {};
    for (const AVHWDeviceType type : wanted_devices(acceleration)) {
        Device device = find_decoder(id, type);
        AVBufferRef* context = nullptr;
        if (!device.codec || av_hwdevice_ctx_create(&context, type, nullptr, nullptr, 0) < 0) continue;
        device.context.reset(context);
        return device;
    }
    return {};
}

AVPixelFormat choose_format(AVCodecContext* context, const AVPixelFormat* offered) {
    const auto wanted = *static_cast<const AVPixelFormat*>(context->opaque);
    for (const AVPixelFormat* f = offered; *f != AV_PIX_FMT_NONE; ++f)
        if (*f == wanted) return *f;
    for (const AVPixelFormat* f = offered; *f != AV_PIX_FMT_NONE; ++f)
        if (!(av_pix_fmt_desc_get(*f)->flags & AV_PIX_FMT_FLAG_HWACCEL)) return *f;
    return AV_PIX_FMT_NONE;
}

bool has_8bit_luma_plane(int format) {
    return format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_NV12 ||
           format == AV_PIX_FMT_GRAY8;
}

}  // namespace

struct VideoDecoder::State {
    Params params;
    Device hardware;
    AVPixelFormat hardware_format = AV_PIX_FMT_NONE;  ///< the context's `opaque` points here
    CodecContextPtr codec;
    std::unique_ptr<MemoryDemuxer> demuxer;
    PacketPtr packet = new_packet();
    FramePtr frame = new_frame(), transferred = new_frame();
    bool draining = false, on_hardware = false, any_picture = false;

    void open_codec();
    void feed();
    std::int64_t picture(std::span<std::uint8_t> luma);
    std::optional<std::int64_t> next(std::span<std::uint8_t> luma);
    [[noreturn]] void fail(const char* what, int error) {
        codec.reset();  // after an error its state is anyone's guess
        throw_ffmpeg(params.name, what, error);
    }
};

void VideoDecoder::State::open_codec() {
    const AVCodecParameters* parameters = demuxer->stream()->codecpar;
    if (parameters->codec_id != AV_CODEC_ID_H264 && parameters->codec_id != AV_CODEC_ID_HEVC &&
        parameters->codec_id != AV_CODEC_ID_AV1)
        throw InputError("{}: its video is neither H.264, HEVC nor AV1", params.name);
    if (parameters->width != params.width || parameters->height != params.height)
        throw InputError("{}: its video is {}×{}, the side file says {}×{}; the stream is damaged",
                         params.name, parameters->width, parameters->height, params.width, params.height);
    if (!hardware.codec) hardware = open_device(parameters->codec_id, params.acceleration);
    const AVCodec* decoder = hardware.codec ? hardware.codec : avcodec_find_decoder(parameters->codec_id);
    if (!decoder) throw InputError("{}: this FFmpeg has no decoder for its video", params.name);
    codec.reset(avcodec_alloc_context3(decoder));
    avcodec_parameters_to_context(codec.get(), parameters);
    codec->pkt_timebase = demuxer->stream()->time_base;
    codec->thread_count = params.threads ? params.threads : thread_count();
    codec->max_pixels = std::int64_t(kMaxAtlasWidth) * kMaxAtlasHeight;
    if (hardware.codec) {
        hardware_format = hardware.format;
        codec->opaque = &hardware_format;
        codec->get_format = choose_format;
        codec->hw_device_ctx = av_buffer_ref(hardware.context.get());
    }
    const int error = avcodec_open2(codec.get(), decoder, nullptr);
    if (error < 0) fail("the decoder does not open", error);
}

/// Sends packets until the decoder has enough for a picture.
void VideoDecoder::State::feed() {
    int error = demuxer->read_packet(packet.get());
    if (error == AVERROR_EOF) {
        draining = true;
        avcodec_send_packet(codec.get(), nullptr);
        return;
    }
    if (error < 0) fail("cannot read its video", error);
    error = avcodec_send_packet(codec.get(), packet.get());
    av_packet_unref(packet.get());
    if (error < 0) fail("its video does not decode", error);
}

std::int64_t VideoDecoder::State::picture(std::span<std::uint8_t> luma) {
    const AVFrame* shown = frame.get();
    on_hardware = frame->hw_frames_ctx != nullptr;
    if (on_hardware) {
        av_frame_unref(transferred.get());
        const int error = av_hwframe_transfer_data(transferred.get(), frame.get(), 0);
        if (error < 0) fail("a picture cannot be copied from the decoder's device", error);
        shown = transferred.get();
    }
    if (shown->width != params.width || shown->height != params.height)
        throw InputError("{}: a picture is {}×{} instead of {}×{}; the segment is damaged", params.name,
                         shown->width, shown->height, params.width, params.height);
    if (!has_8bit_luma_plane(shown->format))
        throw InputError("{}: its video is not 8-bit 4:2:0", params.name);
    if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT))
        throw InputError("{}: a picture has decoding errors; the segment is damaged", params.name);
    const AVRational per_frame{params.fps.denominator, params.fps.numerator};
    const AVRational time_base = demuxer->stream()->time_base;
    if (frame->pts == AV_NOPTS_VALUE) throw InputError("{}: a picture has no time", params.name);
    const std::int64_t number = av_rescale_q(frame->pts, time_base, per_frame);
    if (av_rescale_q(number, per_frame, time_base) != frame->pts)
        throw InputError("{}: a picture's time {} lies between two frames; the segment is damaged",
                         params.name, frame->pts);
    const std::size_t width = std::size_t(params.width);
    for (int y = 0; y < params.height; ++y)
        std::memcpy(luma.data() + width * std::size_t(y),
                    shown->data[0] + std::ptrdiff_t(shown->linesize[0]) * y, width);
    any_picture = true;
    return number;
}

std::optional<std::int64_t> VideoDecoder::State::next(std::span<std::uint8_t> luma) {
    if (!codec) return std::nullopt;
    for (;;) {
        const int error = avcodec_receive_frame(codec.get(), frame.get());
        if (error == 0) {
            const std::int64_t number = picture(luma);
            av_frame_unref(frame.get());
            return number;
        }
        if (error == AVERROR_EOF) return std::nullopt;
        if (error != AVERROR(EAGAIN)) fail("its video does not decode", error);
        if (draining) return std::nullopt;
        feed();
    }
}

VideoDecoder::VideoDecoder(Params params) : state_(std::make_unique<State>()) {
    state_->params = std::move(params);
}
VideoDecoder::~VideoDecoder() = default;
VideoDecoder::VideoDecoder(VideoDecoder&&) noexcept = default;
VideoDecoder& VideoDecoder::operator=(VideoDecoder&&) noexcept = default;

void VideoDecoder::start(const Bytes& fragment) {
    State& s = *state_;
    Bytes file = s.params.init;
    file.insert(file.end(), fragment.begin(), fragment.end());
    s.draining = false;
    s.demuxer = std::make_unique<MemoryDemuxer>(std::move(file), s.params.name);
    if (s.codec)
        avcodec_flush_buffers(s.codec.get());
    else
        s.open_codec();
}

std::optional<std::int64_t> VideoDecoder::next(std::span<std::uint8_t> luma) {
    assert(luma.size() == std::size_t(state_->params.width) * std::size_t(state_->params.height));
    return state_->next(luma);
}

std::optional<DecodedPicture> VideoDecoder::next() {
    DecodedPicture out;
    out.luma.resize(std::size_t(state_->params.width) * std::size_t(state_->params.height));
    const std::optional<std::int64_t> frame = state_->next(out.luma);
    if (!frame) return std::nullopt;
    out.frame = *frame;
    return out;
}

std::string VideoDecoder::device() const {
    if (!state_->any_picture) return "";
    return state_->on_hardware ? av_hwdevice_get_type_name(state_->hardware.type) : "software";
}

}  // namespace volumen
