#include "formats/media/ffmpeg.h"

extern "C" {
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
}

#include <mutex>
#include <new>
#include <utility>

#include "formats/core/error.h"
#include "formats/core/image.h"

namespace volumen {
namespace {

/// Of one block: a picture of 128 million pixels in RGBA. A file that lies about its tables asks for
/// gigabytes.
constexpr std::size_t kMaxAllocation = 520u << 20;

thread_local std::string last_error;

void keep_error(void* source, int level, const char* format, va_list arguments) {
    if (level > AV_LOG_ERROR) return;
    char line[512];
    int prefix = 0;
    av_log_format_line2(source, level, format, arguments, line, sizeof line, &prefix);
    last_error = line;
    while (!last_error.empty() && last_error.back() == '\n') last_error.pop_back();
}

template <class T>
std::unique_ptr<T, FfmpegFree> checked(T* p) {
    if (!p) throw std::bad_alloc();
    return std::unique_ptr<T, FfmpegFree>(p);
}

}  // namespace

FramePtr new_frame() {
    return checked(av_frame_alloc());
}
PacketPtr new_packet() {
    return checked(av_packet_alloc());
}

CodecContextPtr new_decoder(AVCodecID id, const std::string& file) {
    prepare_ffmpeg();
    const AVCodec* codec = avcodec_find_decoder(id);
    if (!codec) throw InputError("{}: this FFmpeg has no decoder for {}", file, avcodec_get_name(id));
    CodecContextPtr context = checked(avcodec_alloc_context3(codec));
    context->thread_count = 1;
    context->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
    context->max_pixels = std::int64_t(kMaxImageSide) * kMaxImageSide;
    return context;
}

void prepare_ffmpeg() {
    static std::once_flag once;
    std::call_once(once, [] {
        av_log_set_callback(keep_error);
        av_max_alloc(kMaxAllocation);
    });
}

void forget_ffmpeg_error() {
    last_error.clear();
}

std::string take_ffmpeg_line() {
    return std::exchange(last_error, {});
}

std::string ffmpeg_error(int code) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(code, text, sizeof text);
    const std::string line = take_ffmpeg_line();
    return line.empty() ? text : fmt::format("{} ({})", text, line);
}

void throw_ffmpeg(const std::string& file, const char* what, int code) {
    throw InputError("{}: {}: {}", file, what, ffmpeg_error(code));
}

}  // namespace volumen
