#include <algorithm>

#include "formats/stream/chunks.h"
#include "formats/stream/limits.h"
#include "formats/stream/skin_chunks.h"
#include "formats/stream/stream_state.h"

namespace volumen {

namespace {

StreamRung open_rung(const ManifestRung& manifest, const std::filesystem::path& directory) {
    StreamRung rung;
    rung.manifest = manifest;
    rung.side_source = file_source(directory / manifest.side_file);
    for (const ManifestTrack& track : manifest.tracks) {
        rung.video_sources.push_back(file_source(directory / track.file));
        if (track.init_size > rung.video_sources.back().size)
            throw InputError("{}: ends within its header; the file is incomplete",
                             rung.video_sources.back().name);
    }
    if (rung.side_source.size < manifest.side_size)
        throw InputError("{}: has {} bytes, the manifest says {}; the file is incomplete",
                         rung.side_source.name, rung.side_source.size, manifest.side_size);
    rung.side = read_side_header(rung.side_source);
    const SideHeader& header = rung.side.header;
    if (std::size_t(header.tracks) != manifest.tracks.size())
        throw InputError("{}: its atlas lies in {} videos, the manifest has {}; the stream is damaged",
                         rung.side_source.name, header.tracks, manifest.tracks.size());
    if (header.atlas_width != manifest.width || header.picture_height() != manifest.height)
        throw InputError("{}: its atlas is {}×{}, the manifest says {}×{}; the stream is damaged",
                         rung.side_source.name, header.atlas_width, header.picture_height(), manifest.width,
                         manifest.height);
    return rung;
}

/// All rungs show the same take, cut alike, so that a player may switch between them at any segment.
void check_alike(const StreamRung& first, const StreamRung& other) {
    const FrameRate a = first.side.header.take.fps, b = other.side.header.take.fps;
    const auto same_cut = [](const SegmentEntry& x, const SegmentEntry& y) {
        return x.first_frame == y.first_frame && x.frame_count == y.frame_count;
    };
    if (a.numerator != b.numerator || a.denominator != b.denominator ||
        !std::equal(first.side.segments.begin(), first.side.segments.end(), other.side.segments.begin(),
                    other.side.segments.end(), same_cut))
        throw InputError("{}: is cut otherwise than {}; the rungs do not belong together",
                         other.side_source.name, first.side_source.name);
}

RungInfo describe(const StreamRung& rung) {
    const SideHeader& header = rung.side.header;
    RungInfo info;
    info.id = rung.manifest.id;
    info.profile = header.profile;
    info.max_splats = header.max_splats;
    info.sh_degree = header.sh_degree;
    info.quality = header.quality;
    for (std::size_t i = 0; i < rung.video_sources.size(); ++i) {
        const std::string kind = header.has_skin() ? "lookups" : "atlas";
        const ManifestTrack& track = rung.manifest.tracks[i];
        info.tracks.push_back({i ? fmt::format("{}-{}", kind, i) : kind, "video", track.codec, track.file,
                               rung.video_sources[i].size, header.atlas_width, header.picture_height()});
    }
    info.tracks.push_back({"side", header.has_skin() ? "rans" : "zstd", "", rung.manifest.side_file,
                           rung.side_source.size, 0, 0});
    return info;
}

/// What a chunk of joints and skin holds, as `probe` names it.
struct SkinPart {
    const char *chunk, *id, *tool;
};
constexpr SkinPart kSkinParts[] = {{kJoints, "joints", "rans"},        {kFirstFrame, "skin", "rans"},
                                   {kMeans, "means", "rans"},          {kCodebooks[0], "sh0", "codebook"},
                                   {kCodebooks[1], "sh1", "codebook"}, {kCodebooks[2], "sh2", "codebook"},
                                   {kCodebooks[3], "sh3", "codebook"}};

/// Splits the side file's track of a rung of joints and skin; what is no part stays with it.
std::vector<TrackInfo> split_side(const StreamRung& rung, TrackInfo side) {
    std::vector<TrackInfo> out;
    for (const SkinPart& part : kSkinParts) out.push_back({part.id, part.tool, "", side.file, 0, 0, 0});
    for (const SegmentEntry& entry : rung.side.segments) {
        std::vector<ChunkSize> sizes;
        try {
            sizes = chunk_sizes(rung.side_source.read(entry.side_offset, entry.side_size), side.file);
        } catch (const InputError&) {
            continue;
        }
        for (const ChunkSize& size : sizes)
            for (std::size_t p = 0; p < std::size(kSkinParts); ++p)
                if (size.type == kSkinParts[p].chunk) out[p].bytes += size.bytes, side.bytes -= size.bytes;
    }
    std::erase_if(out, [](const TrackInfo& t) { return t.bytes == 0; });
    side.tool = "zstd";
    out.push_back(side);
    return out;
}

}  // namespace

SideSegment load_side_segment(const StreamRung& rung, std::size_t segment) {
    const SegmentEntry& entry = rung.side.segments[segment];
    const Bytes bytes = rung.side_source.read(entry.side_offset, entry.side_size);
    return read_side_segment(bytes, entry, rung.side.header,
                             fmt::format("{}, segment {}", rung.side_source.name, segment));
}

std::shared_ptr<SkinSegment> load_skin_segment(const StreamRung& rung, std::size_t segment) {
    const SegmentEntry& entry = rung.side.segments[segment];
    const Bytes bytes = rung.side_source.read(entry.side_offset, entry.side_size);
    return read_skin_segment(bytes, entry, rung.side.header,
                             fmt::format("{}, segment {}", rung.side_source.name, segment));
}

std::shared_ptr<const Stream::State> open_state(const std::filesystem::path& path) {
    const bool directory = std::filesystem::is_directory(path);
    const std::filesystem::path file = directory ? path / "manifest.mpd" : path;
    const ByteSource source = file_source(file);
    if (source.size > kMaxManifest) throw InputError("{}: is too large for a manifest", source.name);
    auto state = std::make_shared<Stream::State>();
    state->manifest = read_manifest(source.read(0, source.size), source.name);
    for (const ManifestRung& rung : state->manifest.rungs) {
        state->rungs.push_back(open_rung(rung, file.parent_path()));
        check_alike(state->rungs.front(), state->rungs.back());
    }
    if (state->manifest.stage) {
        state->stage = open_rung(*state->manifest.stage, file.parent_path());
        const SideHeader& header = state->stage->side.header;
        if (header.frame_count != 1 || header.has_skin())
            throw InputError("{}: the stage is not an atlas of one frame but has {}; the stream is damaged",
                             state->stage->side_source.name, header.frame_count);
    }
    for (const StreamRung& rung : state->rungs) {
        state->rung_infos.push_back(describe(rung));
        auto& segments = state->segment_infos.emplace_back();
        for (const SegmentEntry& e : rung.side.segments)
            segments.push_back({int(e.first_frame), int(e.frame_count), e.splat_count, e.bytes()});
    }
    return state;
}

Stream Stream::open(const std::filesystem::path& path) {
    Stream stream;
    stream.state_ = open_state(path);
    return stream;
}

const TakeInfo& Stream::info() const {
    return state_->rungs.front().side.header.take;
}
int Stream::frame_count() const {
    return int(state_->rungs.front().side.header.frame_count);
}
const std::vector<RungInfo>& Stream::rungs() const {
    return state_->rung_infos;
}
std::optional<RungInfo> Stream::stage() const {
    if (!state_->stage) return std::nullopt;
    return describe(*state_->stage);
}
std::optional<SplatCloud> Stream::read_stage() const {
    if (!state_->stage) return std::nullopt;
    const StreamRung& rung = *state_->stage;
    const SideSegment side = load_side_segment(rung, 0);
    RungVideo video(rung, HwAccel::none);
    video.start(0);
    std::optional<DecodedPicture> picture = video.next();
    if (!picture || crc32(picture->luma) != side.luma_crc[0])
        throw InputError("{}: the stage does not decode; the stream is damaged", video.name());
    return reconstruct({0, nullptr, side.layout, std::move(picture->luma), side.position_offset});
}
std::vector<TrackInfo> Stream::parts(int rung) const {
    const StreamRung& r = state_->rungs.at(std::size_t(rung));
    std::vector<TrackInfo> out = rungs().at(std::size_t(rung)).tracks;
    if (!r.side.header.has_skin()) return out;
    const TrackInfo side = out.back();
    out.pop_back();
    for (TrackInfo& part : split_side(r, side)) out.push_back(std::move(part));
    return out;
}
const std::vector<SegmentInfo>& Stream::segments(int rung) const {
    return state_->segment_infos.at(std::size_t(rung));
}

}  // namespace volumen
