#include "formats/media/video_reader.h"

extern "C" {
#include <libavutil/dict.h>
#include <libavutil/display.h>
}

#include <algorithm>
#include <cmath>
#include <vector>

#include "formats/core/error.h"
#include "formats/media/ffmpeg.h"
#include "formats/media/rgb_converter.h"

namespace volumen {
namespace {

/// Containers of recorded video. Playlists and scripts, which make FFmpeg open other files, are not among
/// them.
constexpr const char* kContainers =
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,h264,hevc,av1,ivf,yuv4mpegpipe,nut,mxf,flv,asf,ogg";
/// Two hours and a quarter at 120 frames a second: more is damage.
constexpr int kMaxVideoFrames = 1 << 20;

/// Quarter turns counter-clockwise that show the picture upright.
int quarter_turns(AVStream* stream, const std::string& file) {
    std::size_t size = 0;
    const std::uint8_t* data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    if (!data || size < 9 * sizeof(std::int32_t)) return 0;
    const auto* matrix = reinterpret_cast<const std::int32_t*>(data);
    const double degrees = av_display_rotation_get(matrix);
    const double determinant = double(matrix[0]) * double(matrix[4]) - double(matrix[1]) * double(matrix[3]);
    const double turns = std::round(degrees / 90);
    if (!std::isfinite(degrees) || determinant <= 0 || std::abs(degrees - 90 * turns) > 0.5)
        throw InputError("{}: is shown mirrored or turned by other than quarter turns: re-encode it upright",
                         file);
    return (int(turns) % 4 + 4) % 4;
}

/// The image turned by one quarter counter-clockwise, `turns` times.
Image8 turned(const Image8& image, int turns) {
    const bool swapped = turns % 2 != 0;
    Image8 out(swapped ? image.height : image.width, swapped ? image.width : image.height, image.channels);
    for (int y = 0; y < out.height; ++y)
        for (int x = 0; x < out.width; ++x) {
            const std::uint8_t* from = turns == 1   ? image.at(image.width - 1 - y, x)
                                       : turns == 2 ? image.at(image.width - 1 - x, image.height - 1 - y)
                                                    : image.at(y, image.height - 1 - x);
            std::copy_n(from, image.channels, out.at(x, y));
        }
    return out;
}

}  // namespace

struct VideoReader::State {
    std::string file;
    FormatContextPtr demuxer;
    CodecContextPtr decoder;
    PacketPtr packet = new_packet();
    FramePtr frame = new_frame();
    RgbConverter converter{ColourDefaults{}};
    Image8 unturned;
    int stream = -1, turns = 0;
    FrameRate fps;

    /// Presentation times of all frames, ascending; empty when the container has none (raw streams).
    std::vector<std::int64_t> times;
    std::vector<std::int64_t> keyframe_times;  ///< ascending
    int frames = 0;
    int position = 0;      ///< the frame that next() returns
    bool pending = false;  ///< `frame` holds it already
    bool draining = false;
    bool ended = false;  ///< the decoder has nothing more to give

    explicit State(std::string name) : file(std::move(name)) {
        open();
        index();
        restart();
    }

    AVStream* video() const { return demuxer->streams[stream]; }

    void open() {
        prepare_ffmpeg();
        forget_ffmpeg_error();
        demuxer.reset();
        AVDictionary* options = nullptr;
        av_dict_set(&options, "format_whitelist", kContainers, 0);
        av_dict_set(&options, "protocol_whitelist", "file", 0);
        AVFormatContext* opened = nullptr;
        // "file:" keeps a name with a colon from being taken for a protocol.
        int code = avformat_open_input(&opened, ("file:" + file).c_str(), nullptr, &options);
        av_dict_free(&options);
        demuxer.reset(opened);
        if (code < 0) throw_ffmpeg(file, "cannot be opened as a video", code);
        code = avformat_find_stream_info(demuxer.get(), nullptr);
        if (code < 0) throw_ffmpeg(file, "no streams can be found", code);
        stream = av_find_best_stream(demuxer.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
        if (stream < 0) throw InputError("{}: has no video stream", file);
        for (unsigned i = 0; i < demuxer->nb_streams; ++i)
            demuxer->streams[i]->discard = int(i) == stream ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
        const AVCodecParameters* parameters = video()->codecpar;
        if (parameters->width < 1 || parameters->height < 1 || parameters->width > kMaxImageSide ||
            parameters->height > kMaxImageSide)
            throw InputError("{}: {} x {} pixels, but 1 to {} a side are accepted", file, parameters->width,
                             parameters->height, kMaxImageSide);
        decoder = new_decoder(parameters->codec_id, file);
        code = avcodec_parameters_to_context(decoder.get(), parameters);
        if (code >= 0) code = avcodec_open2(decoder.get(), decoder->codec, nullptr);
        if (code < 0) throw_ffmpeg(file, "the decoder cannot be opened", code);
        decoder->pkt_timebase = video()->time_base;
        turns = quarter_turns(video(), file);
        const AVRational rate = av_guess_frame_rate(demuxer.get(), video(), nullptr);
        if (rate.num > 0 && rate.den > 0) fps = {rate.num, rate.den};
        position = 0, pending = false, draining = false, ended = false;
    }

    void restart() { open(); }

    /// One packet of the video into `packet`; false at the end.
    bool read_packet() {
        for (;;) {
            av_packet_unref(packet.get());
            const int code = av_read_frame(demuxer.get(), packet.get());
            if (code == AVERROR_EOF) return false;
            if (code < 0) throw_ffmpeg(file, "cannot be read", code);
            if (packet->stream_index == stream) return true;
        }
    }

    /// Finds every frame's time by reading the packets. Falls back to decoding where packets do not say it:
    /// no times, or VP8, whose hidden frames are packets too.
    void index() {
        bool timed = video()->codecpar->codec_id != AV_CODEC_ID_VP8;
        while (read_packet()) {
            if (packet->flags & AV_PKT_FLAG_DISCARD) continue;
            timed &= packet->pts != AV_NOPTS_VALUE;
            times.push_back(packet->pts);
            if (packet->flags & AV_PKT_FLAG_KEY) keyframe_times.push_back(packet->pts);
            if (times.size() > std::size_t(kMaxVideoFrames))
                throw InputError("{}: more than {} frames", file, kMaxVideoFrames);
        }
        std::sort(times.begin(), times.end());
        std::sort(keyframe_times.begin(), keyframe_times.end());
        timed &= std::adjacent_find(times.begin(), times.end()) == times.end();
        frames = int(times.size());
        if (!timed) {
            times.clear(), keyframe_times.clear();
            restart();
            for (frames = 0; decode(); ++frames)
                if (frames > kMaxVideoFrames)
                    throw InputError("{}: more than {} frames", file, kMaxVideoFrames);
        }
        if (frames == 0) throw InputError("{}: has no frames", file);
    }

    /// Decodes the next frame in presentation order into `frame`; false at the end.
    bool decode() {
        forget_ffmpeg_error();
        for (;;) {
            const int code = avcodec_receive_frame(decoder.get(), frame.get());
            if (code == 0) {
                if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT))
                    throw InputError("{}: a frame near frame {} is damaged", file, position);
                return true;
            }
            if (code == AVERROR_EOF) return false;
            if (code != AVERROR(EAGAIN)) throw_ffmpeg(file, "cannot be decoded", code);
            if (draining) return false;
            int sent;
            if (read_packet()) {
                sent = avcodec_send_packet(decoder.get(), packet.get());
            } else {
                draining = true;
                sent = avcodec_send_packet(decoder.get(), nullptr);
            }
            if (sent < 0 && sent != AVERROR_EOF) throw_ffmpeg(file, "cannot be decoded", sent);
        }
    }

    std::int64_t keyframe_before(std::int64_t time) const {
        const auto after = std::upper_bound(keyframe_times.begin(), keyframe_times.end(), time);
        return after == keyframe_times.begin() ? times.front() : *(after - 1);
    }

    std::int64_t frame_time() const {
        return frame->pts != AV_NOPTS_VALUE ? frame->pts : frame->best_effort_timestamp;
    }

    /// Decodes on until the frame of `time` is pending; false when it will not come.
    bool decode_until(std::int64_t time) {
        while (decode()) {
            if (frame_time() == time) return true;
            if (frame_time() > time) return false;
        }
        return false;
    }

    void seek(int wanted) {
        if (wanted < 0 || wanted >= frames)
            throw UsageError("{}: has frames 0 to {}, not {}", file, frames - 1, wanted);
        if (wanted == position && !ended) return;
        if (times.empty()) {
            if (wanted < position || ended) restart();
            for (; position < wanted; ++position)
                if (!decode()) throw InputError("{}: ends before frame {}", file, wanted);
            return;
        }
        const std::int64_t time = times[std::size_t(wanted)];
        const std::int64_t key = keyframe_before(time);
        const bool ahead = !ended && wanted > position && key <= times[std::size_t(position)];
        if (!ahead) {
            const int code = av_seek_frame(demuxer.get(), stream, key, AVSEEK_FLAG_BACKWARD);
            if (code < 0) {
                restart();
            } else {
                avcodec_flush_buffers(decoder.get());
                draining = false;
            }
        }
        pending = decode_until(time);
        if (!pending) {
            // The container's index did not lead to the keyframe: from the beginning, then.
            restart();
            pending = decode_until(time);
        }
        if (!pending) throw InputError("{}: frame {} cannot be found", file, wanted);
        position = wanted, ended = false;
    }

    bool next(Image8& image) {
        if (position >= frames || ended) return false;
        if (!pending) {
            ended = !decode();
            if (ended) return false;
            if (!times.empty() && frame_time() != times[std::size_t(position)])
                throw InputError("{}: frame {} is missing or damaged", file, position);
        }
        pending = false;
        Image8& target = turns == 0 ? image : unturned;
        converter.convert(*frame, target, file);
        if (target.channels == 4) {
            Image8 opaque(target.width, target.height, 3);
            for (std::size_t i = 0, j = 0; j < opaque.pixels.size(); i += 4, j += 3)
                std::copy_n(&target.pixels[i], 3, &opaque.pixels[j]);
            target = std::move(opaque);
        }
        if (turns != 0) image = turned(unturned, turns);
        ++position;
        return true;
    }
};

VideoReader::VideoReader(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) throw InputError("{}: no such file", file.string());
    state_ = std::make_unique<State>(file.string());
}
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

int VideoReader::width() const {
    const AVCodecParameters* p = state_->video()->codecpar;
    return state_->turns % 2 ? p->height : p->width;
}
int VideoReader::height() const {
    const AVCodecParameters* p = state_->video()->codecpar;
    return state_->turns % 2 ? p->width : p->height;
}
FrameRate VideoReader::fps() const {
    return state_->fps;
}
int VideoReader::frame_count() const {
    return state_->frames;
}
void VideoReader::seek(int frame) {
    state_->seek(frame);
}
bool VideoReader::next(Image8& image) {
    return state_->next(image);
}

}  // namespace volumen
