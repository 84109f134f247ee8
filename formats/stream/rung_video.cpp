#include <algorithm>
#include <future>

#include "formats/core/parallel.h"
#include "formats/stream/stream_state.h"

namespace volumen {

namespace {

/// One segment's moof and mdat.
Bytes load_fragment(const StreamRung& rung, std::size_t track, std::size_t segment) {
    const VideoPart part = rung.side.segments[segment].video(track);
    const ByteSource& source = rung.video_sources[track];
    Bytes bytes = source.read(part.offset, part.size);
    if (!checksum_holds(bytes, part.crc))
        throw InputError("{}: segment {}'s checksum is wrong; the segment is damaged", source.name, segment);
    return bytes;
}

VideoDecoder::Params decoder_params(const StreamRung& rung, std::size_t track, HwAccel acceleration) {
    const SideHeader& header = rung.side.header;
    return {.acceleration = acceleration,
            .init = rung.video_sources[track].read(0, rung.manifest.tracks[track].init_size),
            .width = header.atlas_width,
            .height = header.picture_height(),
            .fps = header.take.fps,
            .name = rung.video_sources[track].name,
            .threads = (thread_count() + header.tracks - 1) / header.tracks};
}

}  // namespace

RungVideo::RungVideo(const StreamRung& rung, HwAccel acceleration) : rung_(rung) {
    for (std::size_t track = 0; track < rung.video_sources.size(); ++track)
        tracks_.emplace_back(decoder_params(rung, track, acceleration));
}

void RungVideo::start(std::size_t segment) {
    for (std::size_t track = 0; track < tracks_.size(); ++track)
        tracks_[track].start(load_fragment(rung_, track, segment));
}

std::optional<DecodedPicture> RungVideo::next() {
    if (tracks_.size() == 1) return tracks_.front().next();
    const SideHeader& header = rung_.side.header;
    const std::size_t samples = std::size_t(header.atlas_width) * std::size_t(header.picture_height());
    DecodedPicture out;
    out.luma.resize(samples * tracks_.size());
    const auto decode = [&](std::size_t track) {
        return tracks_[track].next(std::span(out.luma).subspan(track * samples, samples));
    };
    std::vector<std::future<std::optional<std::int64_t>>> others;
    for (std::size_t track = 1; track < tracks_.size(); ++track)
        others.push_back(std::async(std::launch::async, decode, track));
    const std::optional<std::int64_t> first = decode(0);
    for (std::size_t track = 1; track < tracks_.size(); ++track)
        if (others[track - 1].get() != first)
            throw InputError("{}: its pictures are not those of {}; the segment is damaged",
                             rung_.video_sources[track].name, name());
    if (!first) return std::nullopt;
    out.frame = *first;
    return out;
}

std::string RungVideo::device() const {
    std::string out;
    std::vector<std::string> known;
    for (const VideoDecoder& track : tracks_) {
        const std::string device = track.device();
        if (device.empty()) return "";
        if (std::ranges::find(known, device) != known.end()) continue;
        known.push_back(device);
        out += (out.empty() ? "" : ", ") + device;
    }
    return out;
}

std::string RungVideo::note() const {
    for (const VideoDecoder& track : tracks_)
        if (std::string note = track.note(); !note.empty()) return note;
    return "";
}

void decode_lookups(RungVideo& video, SkinSegment& segment) {
    for (std::uint32_t i = 0; i < segment.lookup.pictures; ++i) {
        const std::optional<DecodedPicture> picture = video.next();
        if (!picture || picture->frame != segment.first_frame + std::int64_t(i))
            throw InputError("{}: a look-up image of the segment at frame {} is missing; it is damaged",
                             video.name(), segment.first_frame);
        segment.luma.insert(segment.luma.end(), picture->luma.begin(), picture->luma.end());
    }
}

}  // namespace volumen
