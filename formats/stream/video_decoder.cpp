extern "C" {
#include <libavutil/pixdesc.h>
}

#include <cassert>
#include <mutex>

#include "formats/core/parallel.h"
#include "formats/stream/decoder_devices.h"
#include "formats/stream/limits.h"
#include "formats/stream/memory_demuxer.h"
#include "formats/stream/video.h"

namespace volumen {

namespace {

/// What the context's `opaque` points to; the decoder's threads use it.
struct HardwareWish {
    AVPixelFormat format = AV_PIX_FMT_NONE;
    std::mutex mutex;
    bool refused = false;  ///< the device opened, but does not take this video …
    std::string why;       ///< … as FFmpeg says
};

AVPixelFormat choose_format(AVCodecContext* context, const AVPixelFormat* offered) {
    auto& wish = *static_cast<HardwareWish*>(context->opaque);
    for (const AVPixelFormat* f = offered; *f != AV_PIX_FMT_NONE; ++f)
        if (*f == wish.format) return *f;
    {
        // FFmpeg asks again without the device's format where the device refused.
        const std::lock_guard lock(wish.mutex);
        wish.refused = true;
        if (wish.why.empty()) wish.why = take_ffmpeg_line();
    }
    for (const AVPixelFormat* f = offered; *f != AV_PIX_FMT_NONE; ++f)
        if (!(av_pix_fmt_desc_get(*f)->flags & AV_PIX_FMT_FLAG_HWACCEL)) return *f;
    return AV_PIX_FMT_NONE;
}

std::string codec_name(AVCodecID id) {
    return id == AV_CODEC_ID_H264 ? "H.264" : id == AV_CODEC_ID_HEVC ? "HEVC" : "AV1";
}

bool has_8bit_luma_plane(int format) {
    return format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_NV12 ||
           format == AV_PIX_FMT_GRAY8;
}

}  // namespace

struct VideoDecoder::State {
    Params params;
    DecoderNeed need;
    std::optional<HardwareDecoder> hardware;
    std::unique_ptr<HardwareWish> wish = std::make_unique<HardwareWish>();  ///< outlives the context
    std::string note;
    CodecContextPtr codec;
    std::unique_ptr<MemoryDemuxer> demuxer;
    PacketPtr packet = new_packet();
    FramePtr frame = new_frame(), transferred = new_frame();
    bool draining = false, on_hardware = false, any_picture = false;

    void choose_hardware(AVCodecID id);
    void open_codec();
    void feed();
    std::int64_t picture(std::span<std::uint8_t> luma);
    std::optional<std::int64_t> next(std::span<std::uint8_t> luma);
    [[noreturn]] void fail(const char* what, int error) {
        codec.reset();  // after an error its state is anyone's guess
        throw_ffmpeg(params.name, what, error);
    }
};

void VideoDecoder::State::choose_hardware(AVCodecID id) {
    need = {codec_name(id), params.width, params.height};
    hardware.reset();
    if (params.acceleration == HwAccel::none) return;
    const std::vector<HardwareDecoder> found = find_decoders(id, params.acceleration);
    std::vector<DeviceOffer> offers;
    for (const HardwareDecoder& decoder : found) offers.push_back(decoder.offer);
    const DecoderChoice choice = choose_decoder(need, offers, params.acceleration != HwAccel::automatic);
    note = choice.note;
    if (choice.offer != DecoderChoice::kSoftware) hardware = found[std::size_t(choice.offer)];
}

void VideoDecoder::State::open_codec() {
    const AVCodecParameters* parameters = demuxer->stream()->codecpar;
    if (parameters->codec_id != AV_CODEC_ID_H264 && parameters->codec_id != AV_CODEC_ID_HEVC &&
        parameters->codec_id != AV_CODEC_ID_AV1)
        throw InputError("{}: its video is neither H.264, HEVC nor AV1", params.name);
    if (parameters->width != params.width || parameters->height != params.height)
        throw InputError("{}: its video is {}×{}, the side file says {}×{}; the stream is damaged",
                         params.name, parameters->width, parameters->height, params.width, params.height);
    choose_hardware(parameters->codec_id);
    const AVCodec* decoder = hardware ? hardware->codec : avcodec_find_decoder(parameters->codec_id);
    if (!decoder) throw InputError("{}: this FFmpeg has no decoder for its video", params.name);
    codec.reset(avcodec_alloc_context3(decoder));
    avcodec_parameters_to_context(codec.get(), parameters);
    codec->pkt_timebase = demuxer->stream()->time_base;
    codec->thread_count = params.threads ? params.threads : thread_count();
    codec->max_pixels = std::int64_t(kMaxAtlasWidth) * kMaxAtlasHeight;
    if (hardware) {
        wish->format = hardware->format;
        codec->opaque = wish.get();
        codec->get_format = choose_format;
        codec->hw_device_ctx = av_buffer_ref(hardware->device);
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
    return state_->on_hardware ? state_->hardware->offer.device : "software";
}

std::string VideoDecoder::note() const {
    const State& s = *state_;
    const std::lock_guard lock(s.wish->mutex);
    return s.wish->refused && s.hardware ? refusal_note(s.need, s.hardware->offer.device, s.wish->why)
                                         : s.note;
}

}  // namespace volumen
