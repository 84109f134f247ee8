#include "encoder/pack/video_encoder.h"
#include "formats/media/ffmpeg.h"

namespace volumen {

struct Mp4Writer::State {
    std::string name;
    VideoSettings settings;
    AVFormatContext* format = nullptr;
    bool begun = false;
    std::int64_t frame = 0;

    ~State() {
        if (!format) return;
        avio_closep(&format->pb);
        avformat_free_context(format);
    }
    void check(int error, const char* what) const {
        if (error < 0) throw_ffmpeg(name, what, error);
    }
    void begin(const Bytes& extradata);
};

void Mp4Writer::State::begin(const Bytes& extradata) {
    AVStream* stream = avformat_new_stream(format, nullptr);
    if (!stream) throw std::bad_alloc();
    AVCodecParameters& p = *stream->codecpar;
    p.codec_type = AVMEDIA_TYPE_VIDEO;
    p.codec_id = settings.codec == "h264"   ? AV_CODEC_ID_H264
                 : settings.codec == "hevc" ? AV_CODEC_ID_HEVC
                                            : AV_CODEC_ID_AV1;
    if (settings.codec == "hevc") p.codec_tag = MKTAG('h', 'v', 'c', '1');
    p.format = AV_PIX_FMT_YUV420P;
    p.color_range = AVCOL_RANGE_JPEG;
    p.width = settings.width, p.height = settings.height;
    p.extradata_size = int(extradata.size());
    p.extradata = static_cast<std::uint8_t*>(av_mallocz(extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    std::copy(extradata.begin(), extradata.end(), p.extradata);
    stream->avg_frame_rate = {settings.fps.numerator, settings.fps.denominator};
    stream->time_base = {settings.fps.denominator, settings.fps.numerator};
    AVDictionary* options = nullptr;
    av_dict_set(&options, "movflags",
                "frag_keyframe+empty_moov+default_base_moof+dash+global_sidx+skip_trailer", 0);
    av_dict_set_int(&options, "video_track_timescale", settings.fps.numerator, 0);
    av_dict_set(&options, "use_editlist", "0", 0);
    const int error = avformat_write_header(format, &options);
    av_dict_free(&options);
    check(error, "cannot be begun");
    begun = true;
}

Mp4Writer::Mp4Writer(const std::filesystem::path& file, const VideoSettings& settings)
    : state_(std::make_unique<State>()) {
    prepare_ffmpeg();
    forget_ffmpeg_error();
    state_->name = file.string();
    state_->settings = settings;
    state_->check(avformat_alloc_output_context2(&state_->format, nullptr, "mp4", file.c_str()),
                  "cannot be written");
    // The same input gives the same bytes: no dates, no library versions.
    state_->format->flags |= AVFMT_FLAG_BITEXACT;
    state_->check(avio_open(&state_->format->pb, file.c_str(), AVIO_FLAG_WRITE), "cannot be written");
}
Mp4Writer::~Mp4Writer() = default;

void Mp4Writer::add(const EncodedSegment& segment) {
    State& s = *state_;
    if (!s.begun) s.begin(segment.extradata);
    AVStream* stream = s.format->streams[0];
    const AVRational per_frame{s.settings.fps.denominator, s.settings.fps.numerator};
    const std::int64_t end = s.frame + segment.frames;
    for (std::size_t i = 0; i < segment.packets.size(); ++i, ++s.frame) {
        const PacketPtr packet = new_packet();
        const Bytes& bytes = segment.packets[i];
        if (av_new_packet(packet.get(), int(bytes.size())) < 0) throw std::bad_alloc();
        std::copy(bytes.begin(), bytes.end(), packet->data);
        packet->pts = packet->dts = av_rescale_q(s.frame, per_frame, stream->time_base);
        const bool last = i + 1 == segment.packets.size();
        packet->duration = av_rescale_q(last ? end - s.frame : 1, per_frame, stream->time_base);
        if (i == 0) packet->flags |= AV_PKT_FLAG_KEY;
        s.check(av_write_frame(s.format, packet.get()), "cannot be written");
    }
    s.frame = end;
}

void Mp4Writer::finish() {
    State& s = *state_;
    s.check(av_write_trailer(s.format), "cannot be finished");
    s.check(avio_closep(&s.format->pb), "cannot be finished");
}

}  // namespace volumen
