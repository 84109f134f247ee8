#include <cmath>

#include "formats/stream/stream_state.h"

namespace volumen {

namespace {

struct Verifier {
    VerifyReport& report;

    template <class... Args>
    void problem(fmt::format_string<Args...> format, Args&&... args) {
        report.problems.push_back(fmt::format(format, std::forward<Args>(args)...));
    }
    /// Runs a check; what it throws becomes a problem.
    template <class Body>
    bool guarded(Body body) {
        try {
            body();
            return true;
        } catch (const InputError& error) {
            report.problems.push_back(error.what());
            return false;
        }
    }
    void check_container(const StreamRung& rung, std::size_t track);
    void check_containers(const StreamRung& rung);
    void check_manifest(const StreamRung& rung, const Manifest& manifest);
    void check_segments(const StreamRung& rung);
    void check_segment(const StreamRung& rung, std::size_t segment, RungVideo& video);
    void check_atlases(const StreamRung& rung, std::size_t segment, RungVideo& video);
    void check_skin(const StreamRung& rung, std::size_t segment, RungVideo& video);
};

/// Every video's boxes against manifest and side index.
void Verifier::check_container(const StreamRung& rung, std::size_t track) {
    const ByteSource& source = rung.video_sources[track];
    const Mp4Index index = read_mp4_index(source);
    const std::string& name = source.name;
    const ManifestTrack& m = rung.manifest.tracks[track];
    if (index.init_size != m.init_size || index.sidx_begin != m.index_begin || index.sidx_end != m.index_end)
        problem("{}: its boxes lie elsewhere than the manifest says", name);
    const VideoInfo info = read_video_info(source.read(0, index.init_size), name);
    const int width = rung.manifest.width, height = rung.manifest.height;
    if (info.codec != m.codec || info.width != width || info.height != height)
        problem("{}: holds {} {}×{}, the manifest says {} {}×{}", name, info.codec, info.width, info.height,
                m.codec, width, height);
    const auto& segments = rung.side.segments;
    if (index.fragments.size() != segments.size()) {
        problem("{}: has {} fragments for {} segments", name, index.fragments.size(), segments.size());
        return;
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const VideoPart part = segments[i].video(track);
        if (index.fragments[i].offset != part.offset || index.fragments[i].size != part.size)
            problem("{}: fragment {} lies elsewhere than the side file says", name, i);
    }
}

void Verifier::check_containers(const StreamRung& rung) {
    for (std::size_t track = 0; track < rung.video_sources.size(); ++track)
        guarded([&] { check_container(rung, track); });
}

void Verifier::check_manifest(const StreamRung& rung, const Manifest& manifest) {
    const SideHeader& header = rung.side.header;
    const FrameRate fps = header.take.fps;
    if (manifest.fps.numerator != fps.numerator || manifest.fps.denominator != fps.denominator)
        problem("manifest: {}/{} frames a second, the side file says {}/{}", manifest.fps.numerator,
                manifest.fps.denominator, fps.numerator, fps.denominator);
    if (std::abs(manifest.seconds - header.frame_count / fps.value()) > 0.5 / fps.value())
        problem("manifest: lasts {} s, the side file has {} frames", manifest.seconds, header.frame_count);
    if (rung.manifest.side_size != rung.side_source.size)
        problem("manifest: the side file has {} bytes, not {}", rung.side_source.size,
                rung.manifest.side_size);
    if (rung.manifest.id != header.rung_id)
        problem("manifest: rung '{}' has the side file of rung '{}'", rung.manifest.id, header.rung_id);
}

void Verifier::check_segment(const StreamRung& rung, std::size_t segment, RungVideo& video) {
    if (rung.side.header.has_skin())
        check_skin(rung, segment, video);
    else
        check_atlases(rung, segment, video);
    if (video.next()) problem("{}: segment {} has too many pictures", video.name(), segment);
}

void Verifier::check_skin(const StreamRung& rung, std::size_t segment, RungVideo& video) {
    const std::shared_ptr<SkinSegment> skin = load_skin_segment(rung, segment);
    video.start(segment);
    decode_lookups(video, *skin);
    const std::size_t size = std::size_t(skin->lookup.width) * std::size_t(skin->lookup.height);
    for (std::size_t i = 0; i < skin->luma_crc.size(); ++i)
        if (crc32(std::span(skin->luma).subspan(i * size, size)) != skin->luma_crc[i])
            problem("{}: look-up image {} of segment {} decodes to other values than the encoder's",
                    video.name(), i, segment);
    report.frames += skin->frame_count;
}

void Verifier::check_atlases(const StreamRung& rung, std::size_t segment, RungVideo& video) {
    const SegmentEntry& entry = rung.side.segments[segment];
    const SideSegment side = load_side_segment(rung, segment);
    video.start(segment);
    for (std::uint32_t i = 0; i < entry.frame_count; ++i) {
        const auto picture = video.next();
        const std::uint32_t frame = entry.first_frame + i;
        if (!picture || picture->frame != frame) {
            problem("{}: frame {} is missing or out of order", video.name(), frame);
            return;
        }
        if (crc32(picture->luma) != side.luma_crc[i])
            problem("{}: frame {} decodes to other values than the encoder's", video.name(), frame);
        ++report.frames;
    }
}

void Verifier::check_segments(const StreamRung& rung) {
    std::optional<RungVideo> video;
    for (std::size_t i = 0; i < rung.side.segments.size(); ++i) {
        const bool whole = guarded([&] {
            if (!video) video.emplace(rung, HwAccel::none);
            check_segment(rung, i, *video);
        });
        if (!whole) video.reset();
        ++report.segments;
    }
}

}  // namespace

VerifyReport verify(const std::filesystem::path& path) {
    VerifyReport report;
    Verifier verifier{report};
    const std::shared_ptr<const Stream::State> stream = open_state(path);
    for (const StreamRung& rung : stream->rungs) {
        verifier.check_containers(rung);
        verifier.check_manifest(rung, stream->manifest);
        verifier.check_segments(rung);
    }
    if (stream->stage) {
        // It is not a frame of the take.
        const VerifyReport take = report;
        verifier.check_containers(*stream->stage);
        verifier.check_segments(*stream->stage);
        report.frames = take.frames, report.segments = take.segments;
    }
    return report;
}

}  // namespace volumen
