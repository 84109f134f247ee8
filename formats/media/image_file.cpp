#include "formats/media/image_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/media/ffmpeg.h"
#include "formats/media/rgb_converter.h"

namespace volumen {
namespace {

/// Larger than any image of kMaxImageSide² that compresses at all.
constexpr std::uint64_t kMaxImageBytes = 1u << 30;
/// JPEG quantiser (1 best, 31 worst) for previews and posters.
constexpr int kJpegQuantiser = 2;

struct Magic {
    std::size_t at;
    std::string_view bytes;
    AVCodecID codec;
};
using namespace std::string_view_literals;
constexpr Magic kMagic[] = {
    {0, "\x89PNG\r\n\x1a\n"sv, AV_CODEC_ID_PNG},
    {0, "\xff\xd8\xff"sv, AV_CODEC_ID_MJPEG},
    {8, "WEBP"sv, AV_CODEC_ID_WEBP},
    {0, "BM"sv, AV_CODEC_ID_BMP},
    {0, "II*\0"sv, AV_CODEC_ID_TIFF},
    {0, "MM\0*"sv, AV_CODEC_ID_TIFF},
    {0, "P5"sv, AV_CODEC_ID_PGM},
    {0, "P6"sv, AV_CODEC_ID_PPM},
    {4, "jP  \r\n\x87\n"sv, AV_CODEC_ID_JPEG2000},
    {0, "qoif"sv, AV_CODEC_ID_QOI},
};

AVCodecID codec_of(const std::vector<std::uint8_t>& bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (const Magic& magic : kMagic)
        if (text.size() >= magic.at && text.substr(magic.at).starts_with(magic.bytes)) return magic.codec;
    return AV_CODEC_ID_NONE;
}

/// The extension decides; the encoders are FFmpeg's.
enum class FileKind { png, jpeg };
FileKind kind_of(std::string extension, const std::string& file) {
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (extension == ".png") return FileKind::png;
    if (extension == ".jpg" || extension == ".jpeg") return FileKind::jpeg;
    throw UsageError("{}: images are written as .png or .jpg", file);
}

AVPixelFormat pixel_format(int channels) {
    return channels == 4 ? AV_PIX_FMT_RGBA : channels == 3 ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_GRAY8;
}

/// The image in the encoder's pixel format; JPEG takes full-range BT.601 without chroma subsampling.
FramePtr frame_of(const Image8& image, AVPixelFormat format) {
    FramePtr frame = new_frame();
    frame->width = image.width, frame->height = image.height, frame->format = format;
    if (const int code = av_frame_get_buffer(frame.get(), 0); code < 0)
        throw_ffmpeg("image", "no memory for the picture", code);
    const std::size_t row = std::size_t(image.width) * std::size_t(image.channels);
    if (format != AV_PIX_FMT_YUVJ444P) {
        for (int y = 0; y < image.height; ++y)
            std::memcpy(frame->data[0] + std::ptrdiff_t(y) * frame->linesize[0], image.at(0, y), row);
        return frame;
    }
    SwsContextPtr scaler(sws_getContext(
        image.width, image.height, AV_PIX_FMT_RGB24, image.width, image.height, AV_PIX_FMT_YUVJ444P,
        SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_BITEXACT, nullptr, nullptr, nullptr));
    if (!scaler) throw InputError("image: cannot be converted for JPEG");
    sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(SWS_CS_DEFAULT), 1,
                             sws_getCoefficients(SWS_CS_ITU601), 1, 0, 1 << 16, 1 << 16);
    const FramePtr rgb = frame_of(image, AV_PIX_FMT_RGB24);
    sws_scale(scaler.get(), rgb->data, rgb->linesize, 0, image.height, frame->data, frame->linesize);
    frame->color_range = AVCOL_RANGE_JPEG;
    frame->colorspace = AVCOL_SPC_SMPTE170M;
    return frame;
}

}  // namespace

Image8 read_image(const std::filesystem::path& file) {
    const std::string name = file.string();
    std::vector<std::uint8_t> bytes = read_file(file, kMaxImageBytes);
    const AVCodecID codec = codec_of(bytes);
    if (codec == AV_CODEC_ID_NONE)
        throw InputError("{}: not an image of a known kind (PNG, JPEG, WebP, TIFF, BMP, PNM, JPEG 2000, QOI)",
                         name);
    forget_ffmpeg_error();
    // A picture is one packet, so the decoder takes the bytes as they are, without a demuxer's probing.
    const CodecContextPtr decoder = new_decoder(codec, name);
    if (const int code = avcodec_open2(decoder.get(), decoder->codec, nullptr); code < 0)
        throw_ffmpeg(name, "the decoder cannot be opened", code);
    const PacketPtr packet = new_packet();
    const int size = int(bytes.size());
    bytes.resize(bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE);
    packet->data = bytes.data(), packet->size = size, packet->flags = AV_PKT_FLAG_KEY;
    int code = avcodec_send_packet(decoder.get(), packet.get());
    if (code >= 0) code = avcodec_send_packet(decoder.get(), nullptr);
    const FramePtr frame = new_frame();
    if (code >= 0) code = avcodec_receive_frame(decoder.get(), frame.get());
    if (code == AVERROR_EOF) throw InputError("{}: no picture in it: is it cut short?", name);
    if (code < 0) throw_ffmpeg(name, "cannot be decoded", code);
    if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT))
        throw InputError("{}: the picture is damaged", name);

    ColourDefaults defaults;
    defaults.matrix = AVCOL_SPC_SMPTE170M;
    if (codec == AV_CODEC_ID_MJPEG) defaults.range = AVCOL_RANGE_JPEG, defaults.chroma = AVCHROMA_LOC_CENTER;
    Image8 image;
    RgbConverter(defaults).convert(*frame, image, name);
    return image;
}

std::vector<std::uint8_t> encode_image(const Image8& image, const char* extension) {
    const FileKind kind = kind_of(extension, "image");
    if (image.empty() || (image.channels != 1 && image.channels != 3 && image.channels != 4))
        throw UsageError("an image of {} x {} x {} cannot be written", image.width, image.height,
                         image.channels);
    if (kind == FileKind::jpeg && image.channels != 3)
        throw UsageError("a JPEG has 3 channels, not {}: write a PNG", image.channels);
    prepare_ffmpeg();
    forget_ffmpeg_error();
    const AVCodec* codec = avcodec_find_encoder(kind == FileKind::png ? AV_CODEC_ID_PNG : AV_CODEC_ID_MJPEG);
    if (!codec) throw InputError("this FFmpeg has no PNG or JPEG encoder");
    const CodecContextPtr encoder(avcodec_alloc_context3(codec));
    if (!encoder) throw std::bad_alloc();
    encoder->width = image.width, encoder->height = image.height;
    encoder->time_base = {1, 25};
    encoder->thread_count = 1;
    encoder->pix_fmt = kind == FileKind::png ? pixel_format(image.channels) : AV_PIX_FMT_YUVJ444P;
    if (kind == FileKind::jpeg) {
        encoder->flags |= AV_CODEC_FLAG_QSCALE;
        encoder->global_quality = kJpegQuantiser * FF_QP2LAMBDA;
        encoder->color_range = AVCOL_RANGE_JPEG;
    }
    if (const int code = avcodec_open2(encoder.get(), codec, nullptr); code < 0)
        throw_ffmpeg("image", "the encoder cannot be opened", code);
    const FramePtr frame = frame_of(image, encoder->pix_fmt);
    frame->quality = encoder->global_quality;
    const PacketPtr packet = new_packet();
    int code = avcodec_send_frame(encoder.get(), frame.get());
    if (code >= 0) code = avcodec_receive_packet(encoder.get(), packet.get());
    if (code == AVERROR(EAGAIN)) {
        code = avcodec_send_frame(encoder.get(), nullptr);
        if (code >= 0) code = avcodec_receive_packet(encoder.get(), packet.get());
    }
    if (code < 0) throw_ffmpeg("image", "cannot be encoded", code);
    return {packet->data, packet->data + packet->size};
}

void write_image(const std::filesystem::path& file, const Image8& image) {
    const std::string extension = file.extension().string();
    kind_of(extension, file.string());
    const std::vector<std::uint8_t> bytes = encode_image(image, extension.c_str());
    NewFile out(file);
    out.write(bytes);
    out.commit();
}

}  // namespace volumen
