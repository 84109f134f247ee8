// An MP4 in memory, read through FFmpeg. Private to formats/stream.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "formats/media/ffmpeg.h"
#include "formats/stream/source.h"

namespace volumen {

/// An MP4 in memory, opened for reading.
class MemoryDemuxer {
  public:
    /// Throws InputError when FFmpeg cannot read it or it does not have exactly one video stream.
    MemoryDemuxer(Bytes bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {
        prepare_ffmpeg();
        forget_ffmpeg_error();
        constexpr int kIoBuffer = 1 << 16;
        AVFormatContext* format = avformat_alloc_context();
        io_ = avio_alloc_context(static_cast<std::uint8_t*>(av_malloc(kIoBuffer)), kIoBuffer, 0, this, &read,
                                 nullptr, &seek);
        format->pb = io_;
        format->flags |= AVFMT_FLAG_CUSTOM_IO;
        // On failure the context is freed by FFmpeg.
        const int error = avformat_open_input(&format, nullptr, av_find_input_format("mov"), nullptr);
        if (error < 0) {
            free_io();
            throw_ffmpeg(name_, "cannot be read as MP4", error);
        }
        format_ = format;
        if (format_->nb_streams != 1 || stream()->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) {
            close();
            throw InputError("{}: does not have exactly one video track", name_);
        }
    }
    MemoryDemuxer(const MemoryDemuxer&) = delete;
    MemoryDemuxer& operator=(const MemoryDemuxer&) = delete;
    ~MemoryDemuxer() { close(); }

    AVStream* stream() const { return format_->streams[0]; }
    /// FFmpeg's code: 0, AVERROR_EOF or an error.
    int read_packet(AVPacket* packet) { return av_read_frame(format_, packet); }

  private:
    static int read(void* self, std::uint8_t* out, int size) {
        auto& me = *static_cast<MemoryDemuxer*>(self);
        const std::size_t count = std::min(std::size_t(size), me.bytes_.size() - me.at_);
        if (!count) return AVERROR_EOF;
        std::memcpy(out, me.bytes_.data() + me.at_, count);
        me.at_ += count;
        return int(count);
    }
    static std::int64_t seek(void* self, std::int64_t offset, int whence) {
        auto& me = *static_cast<MemoryDemuxer*>(self);
        if (whence & AVSEEK_SIZE) return std::int64_t(me.bytes_.size());
        if ((whence & ~AVSEEK_FORCE) != SEEK_SET || offset < 0 || offset > std::int64_t(me.bytes_.size()))
            return AVERROR(EINVAL);
        me.at_ = std::size_t(offset);
        return offset;
    }
    void free_io() {
        if (io_) av_freep(&io_->buffer);
        avio_context_free(&io_);
    }
    void close() {
        avformat_close_input(&format_);
        free_io();
    }

    Bytes bytes_;
    std::string name_;
    std::size_t at_ = 0;
    AVIOContext* io_ = nullptr;
    AVFormatContext* format_ = nullptr;
};

}  // namespace volumen
