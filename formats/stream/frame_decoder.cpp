#include <algorithm>
#include <utility>

#include "formats/stream/stream_state.h"

namespace volumen {

struct FrameDecoder::State {
    std::shared_ptr<const Stream::State> stream;  ///< keeps `rung` alive
    const StreamRung& rung;
    HwAccel acceleration;
    std::string note;  ///< of a device that failed
    std::optional<RungVideo> video;
    SideSegment side;
    std::shared_ptr<const SkinSegment> skin;  ///< instead of `side`, of a rung of joints and skin
    std::size_t segment = 0;
    bool started = false;  ///< `segment` is being decoded
    int wanted = 0;        ///< the frame that next() returns
    int coming = 0;        ///< the frame that the video decoder gives next

    State(std::shared_ptr<const Stream::State> s, int rung_index, HwAccel a)
        : stream(std::move(s)), rung(stream->rungs.at(std::size_t(rung_index))), acceleration(a) {}

    const SegmentEntry& entry() const { return rung.side.segments[segment]; }
    void start_segment();
    PackedFrame decode();
    PackedFrame decode_from_atlas();
};

void FrameDecoder::State::start_segment() {
    started = false;
    if (!video) video.emplace(rung, acceleration);
    coming = int(entry().first_frame);
    if (rung.side.header.has_skin()) {
        const std::shared_ptr<SkinSegment> loaded = load_skin_segment(rung, segment);
        video->start(segment);
        decode_lookups(*video, *loaded);
        skin = loaded;
    } else {
        side = load_side_segment(rung, segment);
        video->start(segment);
    }
    started = true;
}

/// The next frame of the running segment.
PackedFrame FrameDecoder::State::decode() {
    if (rung.side.header.has_skin()) return {.index = coming++, .skin = skin};
    return decode_from_atlas();
}

PackedFrame FrameDecoder::State::decode_from_atlas() {
    std::optional<DecodedPicture> picture = video->next();
    if (!picture) throw InputError("{}: frame {} is missing; the segment is damaged", video->name(), coming);
    if (picture->frame != coming)
        throw InputError("{}: frame {} comes where {} should; the segment is damaged", video->name(),
                         picture->frame, coming);
    PackedFrame frame;
    frame.index = coming;
    frame.layout = side.layout;
    frame.luma = std::move(picture->luma);
    const std::size_t offsets = std::size_t(side.layout->blocks()) * 3;
    const auto first = side.position_offset.begin() +
                       std::ptrdiff_t(offsets * std::size_t(coming - int(entry().first_frame)));
    frame.position_offset.assign(first, first + std::ptrdiff_t(offsets));
    ++coming;
    return frame;
}

FrameDecoder::FrameDecoder(const Stream& stream, int rung, HwAccel acceleration)
    : state_(std::make_unique<State>(stream.state_, rung, acceleration)) {}
FrameDecoder::~FrameDecoder() = default;
FrameDecoder::FrameDecoder(FrameDecoder&&) noexcept = default;
FrameDecoder& FrameDecoder::operator=(FrameDecoder&&) noexcept = default;

void FrameDecoder::seek(int frame) {
    state_->wanted = std::max(frame, 0);
}

std::optional<PackedFrame> FrameDecoder::next() {
    State& s = *state_;
    const auto& segments = s.rung.side.segments;
    if (s.wanted >= int(s.rung.side.header.frame_count)) return std::nullopt;
    const auto after =
        std::upper_bound(segments.begin(), segments.end(), s.wanted,
                         [](int frame, const SegmentEntry& e) { return frame < int(e.first_frame); });
    const std::size_t segment = std::size_t(after - segments.begin()) - 1;
    try {
        const bool any_order = s.rung.side.header.has_skin();
        if (!s.started || segment != s.segment || (s.wanted < s.coming && !any_order)) {
            s.segment = segment;
            s.start_segment();
        }
        if (any_order) s.coming = s.wanted;
        while (s.coming < s.wanted) s.decode();
        PackedFrame frame = s.decode();
        ++s.wanted;
        return frame;
    } catch (const InputError& error) {
        s.started = false;
        const bool first = s.video && s.video->device().empty();
        if (s.acceleration == HwAccel::none || !first) throw;
        // A device may open and yet fail on the first picture: then software has a try.
        const HwAccel wanted = std::exchange(s.acceleration, HwAccel::none);
        s.video.reset();
        try {
            std::optional<PackedFrame> frame = next();
            s.note = fmt::format("hardware fails at the first picture ({}): using software", error.what());
            return frame;
        } catch (const InputError&) {
            // Not the device's fault.
            s.acceleration = wanted;
            s.video.reset();
            throw;
        }
    }
}

std::string FrameDecoder::note() const {
    const State& s = *state_;
    return s.note.empty() && s.video ? s.video->note() : s.note;
}

std::string FrameDecoder::device() const {
    return state_->video ? state_->video->device() : "";
}

}  // namespace volumen
