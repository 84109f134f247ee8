#include <cmath>

#include "formats/stream/stream_state.h"
#include "formats/stream/video.h"

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
    void check_container(const StreamRung& rung);
    void check_manifest(const StreamRung& rung, const Manifest& manifest);
    void check_segments(const StreamRung& rung);
    void check_segment(const StreamRung& rung, std::size_t segment, VideoDecoder& video);
    void check_atlases(const StreamRung& rung, std::size_t segment, VideoDecoder& video);
    void check_skin(const StreamRung& rung, std::size_t segment, VideoDecoder& video);
};

/// Boxes against manifest and side index.
void Verifier::check_container(const StreamRung& rung) {
    const Mp4Index index = read_mp4_index(rung.video_source);
    const std::string& name = rung.video_source.name;
    const ManifestRung& m = rung.manifest;
    if (index.init_size != m.init_size || index.sidx_begin != m.index_begin || index.sidx_end != m.index_end)
        problem("{}: its boxes lie elsewhere than the manifest says", name);
    const VideoInfo info = read_video_info(rung.video_source.read(0, index.init_size), name);
    if (info.codec != m.codec || info.width != m.width || info.height != m.height)
        problem("{}: holds {} {}×{}, the manifest says {} {}×{}", name, info.codec, info.width, info.height,
                m.codec, m.width, m.height);
    const auto& segments = rung.side.segments;
    if (index.fragments.size() != segments.size()) {
        problem("{}: has {} fragments for {} segments", name, index.fragments.size(), segments.size());
        return;
    }
    for (std::size_t i = 0; i < segments.size(); ++i)
        if (index.fragments[i].offset != segments[i].video_offset ||
            index.fragments[i].size != segments[i].video_size)
            problem("{}: fragment {} lies elsewhere than the side file says", name, i);
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

void Verifier::check_segment(const StreamRung& rung, std::size_t segment, VideoDecoder& video) {
    if (rung.side.header.has_skin())
        check_skin(rung, segment, video);
    else
        check_atlases(rung, segment, video);
    if (video.next()) problem("{}: segment {} has too many pictures", rung.video_source.name, segment);
}

void Verifier::check_skin(const StreamRung& rung, std::size_t segment, VideoDecoder& video) {
    const std::shared_ptr<SkinSegment> skin = load_skin_segment(rung, segment);
    video.start(load_video_fragment(rung, segment));
    decode_lookups(video, *skin, rung.video_source.name);
    const std::size_t size = std::size_t(skin->lookup.width) * std::size_t(skin->lookup.height);
    for (std::size_t i = 0; i < skin->luma_crc.size(); ++i)
        if (crc32(std::span(skin->luma).subspan(i * size, size)) != skin->luma_crc[i])
            problem("{}: look-up image {} of segment {} decodes to other values than the encoder's",
                    rung.video_source.name, i, segment);
    report.frames += skin->frame_count;
}

void Verifier::check_atlases(const StreamRung& rung, std::size_t segment, VideoDecoder& video) {
    const SegmentEntry& entry = rung.side.segments[segment];
    const SideSegment side = load_side_segment(rung, segment);
    video.start(load_video_fragment(rung, segment));
    for (std::uint32_t i = 0; i < entry.frame_count; ++i) {
        const auto picture = video.next();
        const std::uint32_t frame = entry.first_frame + i;
        if (!picture || picture->frame != frame) {
            problem("{}: frame {} is missing or out of order", rung.video_source.name, frame);
            return;
        }
        if (crc32(picture->luma) != side.luma_crc[i])
            problem("{}: frame {} decodes to other values than the encoder's", rung.video_source.name, frame);
        ++report.frames;
    }
}

void Verifier::check_segments(const StreamRung& rung) {
    std::optional<VideoDecoder> video;
    for (std::size_t i = 0; i < rung.side.segments.size(); ++i) {
        const bool whole = guarded([&] {
            if (!video) video.emplace(decoder_params(rung, HwAccel::none));
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
        verifier.guarded([&] { verifier.check_container(rung); });
        verifier.check_manifest(rung, stream->manifest);
        verifier.check_segments(rung);
    }
    if (stream->stage) {
        // It is not a frame of the take.
        const VerifyReport take = report;
        verifier.guarded([&] { verifier.check_container(*stream->stage); });
        verifier.check_segments(*stream->stage);
        report.frames = take.frames, report.segments = take.segments;
    }
    return report;
}

}  // namespace volumen
