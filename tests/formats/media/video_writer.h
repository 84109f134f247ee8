// Videos made by a test, with FFmpeg's own encoders.
#pragma once

#include <doctest/doctest.h>

extern "C" {
#include <libavutil/display.h>
#include <libavutil/opt.h>
}

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <vector>

#include "formats/core/image.h"
#include "formats/media/ffmpeg.h"

namespace volumen {

struct VideoRecipe {
    AVCodecID codec = AV_CODEC_ID_H264;
    AVColorSpace matrix = AVCOL_SPC_BT709;
    AVColorRange range = AVCOL_RANGE_MPEG;
    bool tagged = true;  ///< matrix and range stand in the stream
    int keyframe_interval = 10, b_frames = 2;
    double rotation = 0;  ///< degrees counter-clockwise that the player is told to turn by
    AVRational fps{30, 1};
};

namespace video_writer {

inline std::uint8_t rounded(double value) {
    return std::uint8_t(std::lround(std::min(255.0, std::max(0.0, value))));
}

/// RGB to 8-bit 4:2:0 by the textbook's formula; chroma is the mean of 2 × 2 pixels.
inline FramePtr frame_of(const Image8& image, const VideoRecipe& recipe) {
    double kr = 0.2126, kb = 0.0722;
    if (recipe.matrix == AVCOL_SPC_SMPTE170M || recipe.matrix == AVCOL_SPC_BT470BG) kr = 0.299, kb = 0.114;
    if (recipe.matrix == AVCOL_SPC_BT2020_NCL) kr = 0.2627, kb = 0.0593;
    const bool full = recipe.range == AVCOL_RANGE_JPEG;
    const double luma = full ? 255 : 219, chroma = full ? 255 : 224, black = full ? 0 : 16;
    FramePtr frame = new_frame();
    frame->width = image.width, frame->height = image.height, frame->format = AV_PIX_FMT_YUV420P;
    REQUIRE(av_frame_get_buffer(frame.get(), 0) == 0);
    const auto y_of = [&](const std::uint8_t* p) {
        return (kr * p[0] + (1 - kr - kb) * p[1] + kb * p[2]) / 255;
    };
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x)
            frame->data[0][y * frame->linesize[0] + x] = rounded(black + luma * y_of(image.at(x, y)));
    for (int y = 0; y < image.height / 2; ++y)
        for (int x = 0; x < image.width / 2; ++x) {
            double cb = 0, cr = 0;
            for (int i = 0; i < 4; ++i) {
                const std::uint8_t* p = image.at(2 * x + i % 2, 2 * y + i / 2);
                cb += (p[2] / 255.0 - y_of(p)) / (2 * (1 - kb)) / 4;
                cr += (p[0] / 255.0 - y_of(p)) / (2 * (1 - kr)) / 4;
            }
            frame->data[1][y * frame->linesize[1] + x] = rounded(128 + chroma * cb);
            frame->data[2][y * frame->linesize[2] + x] = rounded(128 + chroma * cr);
        }
    return frame;
}

}  // namespace video_writer

/// Writes the frames as one video of the container that the extension names.
inline void write_video(const std::filesystem::path& file, const std::vector<Image8>& frames,
                        const VideoRecipe& recipe = {}) {
    prepare_ffmpeg();
    const AVCodec* codec = avcodec_find_encoder(recipe.codec);
    REQUIRE(codec);
    AVFormatContext* muxer = nullptr;
    REQUIRE(avformat_alloc_output_context2(&muxer, nullptr, nullptr, file.c_str()) >= 0);
    const CodecContextPtr encoder(avcodec_alloc_context3(codec));
    encoder->width = frames[0].width, encoder->height = frames[0].height;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->time_base = av_inv_q(recipe.fps), encoder->framerate = recipe.fps;
    encoder->gop_size = recipe.keyframe_interval, encoder->max_b_frames = recipe.b_frames;
    encoder->thread_count = 1;
    if (recipe.tagged) encoder->colorspace = recipe.matrix, encoder->color_range = recipe.range;
    if (recipe.codec == AV_CODEC_ID_H264) {
        av_opt_set(encoder->priv_data, "preset", "veryfast", 0);
        av_opt_set(encoder->priv_data, "qp", "1", 0);
    }
    if (muxer->oformat->flags & AVFMT_GLOBALHEADER) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    REQUIRE(avcodec_open2(encoder.get(), codec, nullptr) == 0);

    AVStream* stream = avformat_new_stream(muxer, nullptr);
    REQUIRE(avcodec_parameters_from_context(stream->codecpar, encoder.get()) >= 0);
    stream->time_base = encoder->time_base, stream->avg_frame_rate = recipe.fps;
    if (recipe.rotation != 0) {
        auto* matrix = reinterpret_cast<std::int32_t*>(
            av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(std::int32_t)));
        av_display_rotation_set(matrix, -recipe.rotation);
    }
    REQUIRE(avio_open(&muxer->pb, file.c_str(), AVIO_FLAG_WRITE) >= 0);
    REQUIRE(avformat_write_header(muxer, nullptr) >= 0);
    const PacketPtr packet = new_packet();
    for (std::size_t i = 0; i <= frames.size(); ++i) {
        FramePtr frame;
        if (i < frames.size()) {
            frame = video_writer::frame_of(frames[i], recipe);
            frame->pts = std::int64_t(i);
        }
        REQUIRE(avcodec_send_frame(encoder.get(), frame.get()) >= 0);
        while (avcodec_receive_packet(encoder.get(), packet.get()) == 0) {
            packet->duration = 1;
            av_packet_rescale_ts(packet.get(), encoder->time_base, stream->time_base);
            packet->stream_index = stream->index;
            REQUIRE(av_interleaved_write_frame(muxer, packet.get()) >= 0);
        }
    }
    REQUIRE(av_write_trailer(muxer) >= 0);
    avio_closep(&muxer->pb);
    avformat_free_context(muxer);
}

/// A picture that says its own number: eight bars of 16 pixels, white where the number's bit is set.
inline Image8 numbered_picture(int number) {
    Image8 image(128, 64, 3);
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 128; ++x)
            for (int c = 0; c < 3; ++c) image.at(x, y)[c] = number >> (x / 16) & 1 ? 255 : 0;
    return image;
}
inline int number_in(const Image8& image) {
    int number = 0;
    for (int bit = 0; bit < 8; ++bit)
        if (image.at(16 * bit + 8, image.height / 2)[1] > 127) number |= 1 << bit;
    return number;
}

}  // namespace volumen
