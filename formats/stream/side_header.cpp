#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/stream/json_fields.h"
#include "formats/stream/limits.h"
#include "formats/stream/side.h"

namespace volumen {

namespace {

using nlohmann::json;

/// "VOLSIDE" and a byte that is no text, so that a text-mode copy is noticed.
constexpr std::uint8_t kMagic[8] = {'V', 'O', 'L', 'S', 'I', 'D', 'E', 0x1a};
constexpr std::size_t kFixedBytes = 32, kEntryBytes = 48;
/// Of a segment in a further track, and what stands in front of all of them: their checksum.
constexpr std::size_t kTrackEntryBytes = 20, kTrackIndexHead = 4;

json header_json(const SideHeader& h) {
    json out = {{"take", take_json(h.take)},
                {"frames", h.frame_count},
                {"features", h.features},
                {"rung",
                 {{"id", h.rung_id},
                  {"profile", h.profile},
                  {"max_splats", h.max_splats},
                  {"sh_degree", h.sh_degree},
                  {"atlas_width", h.atlas_width},
                  {"atlas_height", h.atlas_height},
                  {"quality", h.quality}}}};
    if (h.tracks > 1) out["rung"]["tracks"] = h.tracks;
    return out;
}

bool among(std::span<const char* const> names, const std::string& text) {
    return std::ranges::any_of(names, [&](const char* name) { return text == name; });
}

void check_features(const json& features, const std::string& name) {
    if (!features.is_array())
        throw InputError("{}: the header's \"features\" is no list; the file is damaged", name);
    for (const json& feature : features) {
        const std::string text = feature.is_string() ? feature.get<std::string>().substr(0, 64) : "?";
        if (!among(kAtlasFeatures, text) && !among(kSkinFeatures, text) && text != kTracksFeature)
            throw InputError("{}: needs the feature '{}', which this version does not know; use a newer one",
                             name, text);
    }
}

/// All names of one kind and no other.
bool is_kind(const std::vector<std::string>& features, std::span<const char* const> kind) {
    return std::ranges::all_of(features, [&](const std::string& f) { return among(kind, f); }) &&
           std::ranges::all_of(
               kind, [&](const char* k) { return std::ranges::find(features, k) != features.end(); });
}

SideHeader read_header_json(const Bytes& bytes, const std::string& name) {
    const json root = json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (root.is_discarded()) throw InputError("{}: the header is no JSON; the file is damaged", name);
    const JsonFields f{root, name};
    // Before all else: what else is there may mean something unknown when a feature is.
    check_features(f.at("features"), name);
    SideHeader h;
    h.features = f.at("features").get<std::vector<std::string>>();
    std::vector<std::string> kind = h.features;
    const bool several = std::erase(kind, kTracksFeature) > 0;
    if (!is_kind(kind, kAtlasFeatures) && (several || !is_kind(kind, kSkinFeatures)))
        throw InputError(
            "{}: its features are neither those of an atlas nor those of joints and skin; the file is "
            "damaged",
            name);
    h.take = read_take_json(f.at("take"), name);
    h.frame_count = f.integer("frames", 1, kMaxFrames);
    const JsonFields rung{f.at("rung"), name};
    h.rung_id = rung.text("id"), h.profile = rung.text("profile");
    h.max_splats = rung.integer("max_splats", 1, kMaxAtlasWidth * kMaxAtlasHeight);
    h.sh_degree = int(rung.integer("sh_degree", 0, kMaxShDegree));
    h.atlas_width = int(rung.integer("atlas_width", kMinAtlasSide, kMaxAtlasWidth));
    if (several) h.tracks = int(rung.integer("tracks", 2, kMaxTracks));
    const std::uint32_t tracks = std::uint32_t(h.tracks);
    h.atlas_height = int(rung.integer("atlas_height", kMinAtlasSide * tracks, kMaxAtlasHeight * tracks));
    h.quality = rung.number("quality", 0, 100);
    if (h.atlas_width % kAtlasAlign) rung.wrong("atlas_width");
    if (h.atlas_height % (kAtlasAlign * h.tracks)) rung.wrong("atlas_height");
    return h;
}

SegmentEntry read_entry(ByteReader& in) {
    SegmentEntry e;
    e.first_frame = in.u32(), e.frame_count = in.u32(), e.splat_count = in.u32();
    e.video_crc = in.u32();
    e.side_offset = in.u64(), e.side_size = in.u64(), e.video_offset = in.u64(), e.video_size = in.u64();
    return e;
}

/// What stands behind the segment index: where the segments lie in the tracks after the first.
Bytes write_track_index(const SideFile& side) {
    ByteWriter index;
    for (const SegmentEntry& e : side.segments)
        for (int track = 1; track < side.header.tracks; ++track) {
            const std::size_t t = std::size_t(track) - 1;
            const VideoPart part = t < e.further_tracks.size() ? e.further_tracks[t] : VideoPart{};
            index.u32(part.crc), index.u64(part.offset), index.u64(part.size);
        }
    return index.release();
}

/// Returns where it ends. Throws InputError.
std::uint64_t read_track_index(const ByteSource& source, std::uint64_t at, SideFile& side) {
    const std::size_t further = std::size_t(side.header.tracks) - 1;
    if (!further) return at;
    const std::uint64_t size = side.segments.size() * std::uint64_t(further) * kTrackEntryBytes;
    if (source.size - at < kTrackIndexHead + size)
        throw InputError("{}: ends within its header; the file is damaged", source.name);
    const Bytes head = source.read(at, kTrackIndexHead), index = source.read(at + kTrackIndexHead, size);
    if (!checksum_holds(index, ByteReader(head, source.name).u32()))
        throw InputError("{}: the header's checksum is wrong; the file is damaged", source.name);
    ByteReader in(index, source.name);
    for (SegmentEntry& e : side.segments)
        for (std::size_t t = 0; t < further; ++t) {
            VideoPart& part = e.further_tracks.emplace_back();
            part.crc = in.u32(), part.offset = in.u64(), part.size = in.u64();
        }
    return at + kTrackIndexHead + size;
}

/// Segments follow each other in frames and stay inside the file.
void check_entries(const SideFile& side, std::uint64_t data_begin, const ByteSource& source) {
    std::uint32_t frame = 0;
    for (std::size_t i = 0; i < side.segments.size(); ++i) {
        const SegmentEntry& e = side.segments[i];
        const auto wrong = [&](const char* what) {
            throw InputError("{}: segment {}: {} out of range; the index is damaged", source.name, i, what);
        };
        if (e.first_frame != frame || e.frame_count < 1 || e.frame_count > kMaxSegmentFrames ||
            e.frame_count > side.header.frame_count - frame)
            wrong("frames");
        if (e.splat_count < 1 || e.splat_count > side.header.max_splats) wrong("splat count");
        if (e.side_offset < data_begin || e.side_size > kMaxSegmentBytes || e.side_offset > source.size ||
            e.side_size > source.size - e.side_offset)
            wrong("side bytes");
        for (int track = 0; track < side.header.tracks; ++track) {
            const std::uint64_t size = e.video(std::size_t(track)).size;
            if (size < 1 || size > kMaxSegmentBytes) wrong("video bytes");
        }
        frame += e.frame_count;
    }
    if (frame != side.header.frame_count)
        throw InputError("{}: the index has {} frames, the header {}; the file is damaged", source.name,
                         frame, side.header.frame_count);
}

}  // namespace

std::uint64_t SegmentEntry::bytes() const {
    std::uint64_t sum = side_size + video_size;
    for (const VideoPart& part : further_tracks) sum += part.size;
    return sum;
}

bool SideHeader::has_skin() const {
    return std::ranges::find(features, kSkinFeatures[0]) != features.end();
}

Bytes write_side_header(const SideFile& side) {
    const std::string text = header_json(side.header).dump();
    ByteWriter index;
    for (const SegmentEntry& e : side.segments) {
        index.u32(e.first_frame), index.u32(e.frame_count), index.u32(e.splat_count);
        index.u32(e.video_crc);
        index.u64(e.side_offset), index.u64(e.side_size), index.u64(e.video_offset), index.u64(e.video_size);
    }
    const std::span<const std::uint8_t> json_bytes(reinterpret_cast<const std::uint8_t*>(text.data()),
                                                   text.size());
    ByteWriter out;
    for (const std::uint8_t byte : kMagic) out.u8(byte);
    out.u16(kSideVersion), out.u16(0);
    out.u32(std::uint32_t(text.size())), out.u32(crc32(json_bytes));
    out.u32(std::uint32_t(side.segments.size())), out.u32(crc32(index.bytes()));
    out.u32(crc32(out.bytes()));
    out.append(json_bytes);
    out.append(index.bytes());
    if (side.header.tracks > 1) {
        const Bytes tracks = write_track_index(side);
        out.u32(crc32(tracks)), out.append(tracks);
    }
    return out.release();
}

SideFile read_side_header(const ByteSource& source) {
    const Bytes fixed = source.read(0, std::min<std::uint64_t>(source.size, kFixedBytes));
    ByteReader in(fixed, source.name);
    if (!std::equal(std::begin(kMagic), std::end(kMagic), in.take(sizeof kMagic).begin()))
        throw InputError("{}: is no side file of a volumetric video (its first bytes differ)", source.name);
    const std::uint16_t version = in.u16();
    in.u16();  // minor version: additions that this version may ignore
    if (version != kSideVersion)
        throw InputError("{}: has format version {}, this program reads version {}; use a newer one",
                         source.name, version, kSideVersion);
    const std::uint32_t json_size = in.u32(), json_crc = in.u32(), count = in.u32(), index_crc = in.u32();
    const std::size_t checked = in.position();
    if (!checksum_holds(std::span(fixed).first(checked), in.u32()))
        throw InputError("{}: the header's checksum is wrong; the file is damaged", source.name);
    if (json_size > kMaxHeaderJson || count < 1 || count > kMaxFrames)
        throw InputError("{}: the header's sizes are out of range; the file is damaged", source.name);
    const std::uint64_t index_size = std::uint64_t(count) * kEntryBytes;
    if (kFixedBytes + json_size + index_size > source.size)
        throw InputError("{}: ends within its header; the file is damaged", source.name);

    SideFile side;
    const Bytes text = source.read(kFixedBytes, json_size);
    const Bytes index = source.read(kFixedBytes + json_size, index_size);
    if (!checksum_holds(text, json_crc) || !checksum_holds(index, index_crc))
        throw InputError("{}: the header's checksum is wrong; the file is damaged", source.name);
    side.header = read_header_json(text, source.name);
    ByteReader entries(index, source.name);
    for (std::uint32_t i = 0; i < count; ++i) side.segments.push_back(read_entry(entries));
    const std::uint64_t end = read_track_index(source, kFixedBytes + json_size + index_size, side);
    check_entries(side, end, source);
    return side;
}

}  // namespace volumen
