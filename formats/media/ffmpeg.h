// FFmpeg's objects with owners, and its errors as InputErrors.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>

namespace volumen {

struct FfmpegFree {
    void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
    void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
    void operator()(AVFrame* p) const { av_frame_free(&p); }
    void operator()(AVPacket* p) const { av_packet_free(&p); }
    void operator()(SwsContext* p) const { sws_freeContext(p); }
};
using CodecContextPtr = std::unique_ptr<AVCodecContext, FfmpegFree>;
using FormatContextPtr = std::unique_ptr<AVFormatContext, FfmpegFree>;
using FramePtr = std::unique_ptr<AVFrame, FfmpegFree>;
using PacketPtr = std::unique_ptr<AVPacket, FfmpegFree>;
using SwsContextPtr = std::unique_ptr<SwsContext, FfmpegFree>;

/// Allocated objects; std::bad_alloc when memory is short.
FramePtr new_frame();
PacketPtr new_packet();
/// A decoder for one thread that refuses damaged data; InputError when FFmpeg was built without it.
CodecContextPtr new_decoder(AVCodecID id, const std::string& file);

/// Keeps FFmpeg from printing (its last error line of this thread goes into the exceptions instead) and from
/// allocating what no file of a capture or stream needs. Called by everything here that uses FFmpeg.
void prepare_ffmpeg();
/// Forgets the error line, so that a later exception does not quote an old one.
void forget_ffmpeg_error();
/// FFmpeg's code and its last error line of this thread, which is then forgotten.
std::string ffmpeg_error(int code);
/// The line alone.
std::string take_ffmpeg_line();
/// Throws InputError: the file, what failed, FFmpeg's code and its last error line.
[[noreturn]] void throw_ffmpeg(const std::string& file, const char* what, int code);

}  // namespace volumen
