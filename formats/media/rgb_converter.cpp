#include "formats/media/rgb_converter.h"

extern "C" {
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cstring>
#include <new>

#include "formats/core/error.h"

namespace volumen {
namespace {

/// Formats whose components are display values already: full-range grey and RGB.
bool is_direct(const AVPixFmtDescriptor& format, const AVFrame& frame) {
    if (format.flags & (AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER))
        return false;
    if (format.flags & AV_PIX_FMT_FLAG_RGB) return true;
    return format.nb_components <= 2 && frame.color_range != AVCOL_RANGE_MPEG;
}

std::uint32_t palette_entry(const AVFrame& frame, int index) {
    std::uint32_t argb;
    std::memcpy(&argb, frame.data[1] + 4 * index, 4);
    return argb;
}

bool palette_has_alpha(const AVFrame& frame) {
    for (int i = 0; i < 256; ++i)
        if (palette_entry(frame, i) >> 24 != 255) return true;
    return false;
}

void convert_palette(const AVFrame& frame, Image8& out) {
    for (int y = 0; y < frame.height; ++y)
        for (int x = 0; x < frame.width; ++x) {
            const std::uint32_t argb =
                palette_entry(frame, frame.data[0][std::ptrdiff_t(y) * frame.linesize[0] + x]);
            for (int c = 0; c < out.channels; ++c)
                out.at(x, y)[c] = std::uint8_t(argb >> (c < 3 ? 16 - 8 * c : 24));
        }
}

/// Reads whatever layout FFmpeg describes, one line of one component at a time.
void convert_direct(const AVFrame& frame, const AVPixFmtDescriptor& format, bool alpha, Image8& out) {
    const bool colour = format.nb_components >= 3;
    const int colours = colour ? 3 : 1;
    std::vector<std::uint16_t> line(std::size_t(frame.width));
    const std::uint8_t* planes[4] = {frame.data[0], frame.data[1], frame.data[2], frame.data[3]};
    for (int y = 0; y < frame.height; ++y)
        for (int c = 0; c < colours + int(alpha); ++c) {
            // Components are R, G, B, A or Y, A.
            av_read_image_line2(line.data(), planes, frame.linesize, &format, 0, y, c, frame.width, 0,
                                sizeof line[0]);
            const unsigned full = (1u << format.comp[c].depth) - 1;
            std::uint8_t* to = out.at(0, y) + (c < colours ? c : 3);
            for (int x = 0; x < frame.width; ++x, to += out.channels) {
                const std::uint8_t value = std::uint8_t((line[std::size_t(x)] * 255u + full / 2) / full);
                to[0] = value;
                if (!colour && c == 0) to[1] = to[2] = value;
            }
        }
}

}  // namespace

void RgbConverter::convert(const AVFrame& frame, Image8& out, const std::string& file) {
    if (frame.width <= 0 || frame.height <= 0 || frame.width > kMaxImageSide || frame.height > kMaxImageSide)
        throw InputError("{}: {} x {} pixels, but at most {} a side are accepted", file, frame.width,
                         frame.height, kMaxImageSide);
    const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(AVPixelFormat(frame.format));
    if (!format) throw InputError("{}: unknown pixel format {}", file, frame.format);
    const bool palette = format->flags & AV_PIX_FMT_FLAG_PAL;
    const bool alpha = palette ? palette_has_alpha(frame) : (format->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
    const int channels = alpha ? 4 : 3;
    if (out.width != frame.width || out.height != frame.height || out.channels != channels)
        out = Image8(frame.width, frame.height, channels);

    if (frame.format == AV_PIX_FMT_RGB24 || frame.format == AV_PIX_FMT_RGBA) {
        for (int y = 0; y < frame.height; ++y)
            std::memcpy(out.at(0, y), frame.data[0] + std::ptrdiff_t(y) * frame.linesize[0],
                        std::size_t(frame.width) * std::size_t(channels));
    } else if (palette) {
        convert_palette(frame, out);
    } else if (is_direct(*format, frame)) {
        convert_direct(frame, *format, alpha, out);
    } else {
        convert_yuv(frame, alpha, out, file);
    }
}

void RgbConverter::convert_yuv(const AVFrame& frame, bool alpha, Image8& out, const std::string& file) {
    AVColorSpace matrix = frame.colorspace;
    if (matrix == AVCOL_SPC_UNSPECIFIED || matrix == AVCOL_SPC_RESERVED) matrix = defaults_.matrix;
    if (matrix == AVCOL_SPC_UNSPECIFIED) matrix = frame.height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    switch (matrix) {
        case AVCOL_SPC_BT709:
        case AVCOL_SPC_FCC:
        case AVCOL_SPC_BT470BG:
        case AVCOL_SPC_SMPTE170M:
        case AVCOL_SPC_SMPTE240M:
        case AVCOL_SPC_BT2020_NCL:
        case AVCOL_SPC_RGB:
            break;
        default:
            throw InputError("{}: colour matrix {} is not supported: convert to BT.709", file,
                             av_color_space_name(matrix) ? av_color_space_name(matrix) : "unknown");
    }
    AVColorRange range = frame.color_range;
    if (range == AVCOL_RANGE_UNSPECIFIED) range = defaults_.range;
    // yuvj formats are full range by name.
    const char* name = av_get_pix_fmt_name(AVPixelFormat(frame.format));
    if (name && std::strncmp(name, "yuvj", 4) == 0) range = AVCOL_RANGE_JPEG;
    AVChromaLocation chroma = frame.chroma_location;
    if (chroma == AVCHROMA_LOC_UNSPECIFIED) chroma = defaults_.chroma;

    const int wanted[6] = {frame.width, frame.height, frame.format, matrix, range, chroma};
    if (!scaler_ || !std::equal(std::begin(wanted), std::end(wanted), prepared_for_)) {
        scaler_.reset(sws_alloc_context());
        if (!scaler_) throw std::bad_alloc();
        SwsContext* s = scaler_.get();
        av_opt_set_int(s, "srcw", frame.width, 0);
        av_opt_set_int(s, "srch", frame.height, 0);
        av_opt_set_int(s, "src_format", frame.format, 0);
        av_opt_set_int(s, "dstw", frame.width, 0);
        av_opt_set_int(s, "dsth", frame.height, 0);
        av_opt_set_int(s, "dst_format", alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24, 0);
        av_opt_set_int(
            s, "sws_flags",
            SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT, 0);
        // In 1/256 of a luma pixel: where the first chroma sample of subsampled formats lies.
        const bool left = chroma == AVCHROMA_LOC_LEFT || chroma == AVCHROMA_LOC_TOPLEFT;
        const bool top = chroma == AVCHROMA_LOC_TOP || chroma == AVCHROMA_LOC_TOPLEFT;
        av_opt_set_int(s, "src_h_chr_pos", left ? 0 : 128, 0);
        av_opt_set_int(s, "src_v_chr_pos", top ? 0 : 128, 0);
        const int* coefficients = sws_getCoefficients(matrix == AVCOL_SPC_RGB ? AVCOL_SPC_BT709 : matrix);
        const bool full = range == AVCOL_RANGE_JPEG;
        // The call both before and after: some of what initialising prepares depends on the range.
        sws_setColorspaceDetails(s, coefficients, full, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16,
                                 1 << 16);
        if (const int code = sws_init_context(s, nullptr, nullptr); code < 0) {
            scaler_.reset();
            throw_ffmpeg(file, "its pixel format cannot be converted to RGB", code);
        }
        sws_setColorspaceDetails(s, coefficients, full, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16,
                                 1 << 16);
        std::copy(std::begin(wanted), std::end(wanted), prepared_for_);
    }
    // swscale's vector code may write past a row's end: rows of its own width, then copied.
    FramePtr rgb = new_frame();
    rgb->width = frame.width, rgb->height = frame.height;
    rgb->format = alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
    if (const int code = av_frame_get_buffer(rgb.get(), 0); code < 0)
        throw_ffmpeg(file, "no memory for the picture", code);
    const int rows =
        sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rgb->data, rgb->linesize);
    if (rows != frame.height) throw_ffmpeg(file, "its picture cannot be converted to RGB", rows);
    for (int y = 0; y < frame.height; ++y)
        std::memcpy(out.at(0, y), rgb->data[0] + std::ptrdiff_t(y) * rgb->linesize[0],
                    std::size_t(frame.width) * std::size_t(out.channels));
}

}  // namespace volumen
