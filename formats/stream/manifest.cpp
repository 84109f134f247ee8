#include "formats/stream/manifest.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>
#include <span>
#include <sstream>

#include "formats/stream/limits.h"

namespace volumen {

namespace {

constexpr const char* kMpdNamespace = "urn:mpeg:dash:schema:mpd:2011";
constexpr const char* kOnDemand = "urn:mpeg:dash:profile:isoff-on-demand:2011";
/// SupplementalProperty of a Representation: value "FIRST-LAST FILE", the side file and its bytes.
constexpr const char* kSideScheme = "urn:volumen:side:1";
/// EssentialProperty of the stage's AdaptationSet: other players leave the set alone.
constexpr const char* kStageScheme = "urn:volumen:stage:1";
constexpr const char* kStageMimeType = "application/mp4";

/// EssentialProperty of the AdaptationSet of further tracks, its value their number: other players do not
/// take them for qualities of the rung.
constexpr const char* kTrackScheme = "urn:volumen:track:1";

std::string frame_rate_text(FrameRate fps) {
    return fps.denominator == 1 ? fmt::format("{}", fps.numerator)
                                : fmt::format("{}/{}", fps.numerator, fps.denominator);
}

/// A Representation that is a track of another one's rung.
struct FurtherTrack {
    std::string rung;
    std::size_t number = 0;
    int width = 0, height = 0;
    ManifestTrack track;
};

struct Parser {
    const std::string& name;

    [[noreturn]] void fail(const char* what) const {
        throw InputError("{}: {} is missing or wrong; the manifest is damaged", name, what);
    }
    /// The whole of `text` as a number up to `limit`.
    std::uint64_t number(std::string_view text, const char* what, std::uint64_t limit = 1ull << 48) const {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size() || value > limit) fail(what);
        return value;
    }
    /// "FIRST-LAST" as [begin, end).
    std::pair<std::uint64_t, std::uint64_t> range(std::string_view text, const char* what) const {
        const std::size_t dash = text.find('-');
        if (dash == text.npos) fail(what);
        const std::uint64_t first = number(text.substr(0, dash), what);
        const std::uint64_t last = number(text.substr(dash + 1), what);
        if (last < first) fail(what);
        return {first, last + 1};
    }
    /// A plain name: nothing that leads out of the stream's directory.
    std::string file(std::string_view text, const char* what) const {
        const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                   c == '_' || c == '-';
        });
        if (text.empty() || text.size() > 128 || !plain || text.front() == '.') fail(what);
        return std::string(text);
    }
    FrameRate frame_rate(std::string_view text) const {
        const std::size_t slash = text.find('/');
        FrameRate fps;
        fps.numerator = int(number(text.substr(0, slash), "frameRate", 1'000'000));
        fps.denominator =
            slash == text.npos ? 1 : int(number(text.substr(slash + 1), "frameRate", 1'000'000));
        if (!fps.numerator || !fps.denominator) fail("frameRate");
        return fps;
    }
    /// The durations that write_manifest makes, "PT12.345S", and those of other tools, "PT1H2M3.5S".
    double duration(std::string_view text) const {
        if (!text.starts_with("PT")) fail("mediaPresentationDuration");
        double seconds = 0;
        const char* at = text.data() + 2;
        const char* const end = text.data() + text.size();
        while (at != end) {
            double value = 0;
            const auto [next, error] = std::from_chars(at, end, value);
            if (error != std::errc{} || next == end || !(value >= 0 && value < 1e9))
                fail("mediaPresentationDuration");
            if (*next != 'H' && *next != 'M' && *next != 'S') fail("mediaPresentationDuration");
            seconds += value * (*next == 'H' ? 3600 : *next == 'M' ? 60 : 1);
            at = next + 1;
        }
        return seconds;
    }
    ManifestTrack track(const pugi::xml_node& node) const;
    ManifestRung rung(const pugi::xml_node& node) const;
    FurtherTrack further_track(const pugi::xml_node& node, std::size_t number) const;
    void attach(Manifest& manifest, std::vector<FurtherTrack> tracks) const;
};

ManifestTrack Parser::track(const pugi::xml_node& node) const {
    ManifestTrack t;
    t.codec = file(node.attribute("codecs").value(), "codecs");
    t.bandwidth = number(node.attribute("bandwidth").value(), "bandwidth");
    t.file = file(node.child("BaseURL").child_value(), "BaseURL");
    const pugi::xml_node base = node.child("SegmentBase");
    std::tie(t.index_begin, t.index_end) = range(base.attribute("indexRange").value(), "indexRange");
    const auto [begin, end] =
        range(base.child("Initialization").attribute("range").value(), "Initialization range");
    if (begin != 0 || end > kMaxInitBytes) fail("Initialization range");
    t.init_size = end;
    return t;
}

ManifestRung Parser::rung(const pugi::xml_node& node) const {
    ManifestRung r;
    r.id = file(node.attribute("id").value(), "a Representation's id");
    r.width = int(number(node.attribute("width").value(), "width", kMaxAtlasWidth));
    r.height = int(number(node.attribute("height").value(), "height", kMaxAtlasHeight));
    r.tracks.push_back(track(node));
    r.bandwidth = r.tracks.front().bandwidth;
    const pugi::xml_node side =
        node.find_child_by_attribute("SupplementalProperty", "schemeIdUri", kSideScheme);
    const std::string_view value = side.attribute("value").value();
    const std::size_t space = value.find(' ');
    if (space == value.npos) fail("the side file");
    const auto [side_begin, side_end] = range(value.substr(0, space), "the side file's range");
    if (side_begin != 0) fail("the side file's range");
    r.side_size = side_end;
    r.side_file = file(value.substr(space + 1), "the side file");
    return r;
}

FurtherTrack Parser::further_track(const pugi::xml_node& node, std::size_t number) const {
    FurtherTrack t;
    if (number < 1 || number >= std::size_t(kMaxTracks)) fail("a track's number");
    t.number = number;
    t.rung = file(node.attribute("associationId").value(), "the rung of a track");
    t.width = int(this->number(node.attribute("width").value(), "width", kMaxAtlasWidth));
    t.height = int(this->number(node.attribute("height").value(), "height", kMaxAtlasHeight));
    t.track = track(node);
    return t;
}

/// Gives each track to its rung, or to the stage, in the order of their numbers.
void Parser::attach(Manifest& manifest, std::vector<FurtherTrack> tracks) const {
    std::ranges::stable_sort(tracks, {}, &FurtherTrack::number);
    const auto owner = [&](const std::string& id) -> ManifestRung& {
        for (ManifestRung& rung : manifest.rungs)
            if (rung.id == id) return rung;
        if (!manifest.stage || manifest.stage->id != id) fail("the rung of a track");
        return *manifest.stage;
    };
    for (FurtherTrack& further : tracks) {
        ManifestRung& rung = owner(further.rung);
        if (further.number != rung.tracks.size()) fail("a track's number");
        if (further.width != rung.width || further.height != rung.height) fail("a track's size");
        rung.tracks.push_back(std::move(further.track));
    }
}

class Writer {
  public:
    explicit Writer(pugi::xml_node period, FrameRate fps) : period_(period), fps_(fps) {}

    static void set(pugi::xml_node node, const char* name, const std::string& value) {
        node.append_attribute(name) = value.c_str();
    }
    pugi::xml_node add_set() {
        pugi::xml_node set_node = period_.append_child("AdaptationSet");
        set(set_node, "id", std::to_string(sets_++));
        return set_node;
    }
    void add_rung(pugi::xml_node parent, const ManifestRung& r) {
        pugi::xml_node node = begin(parent, r, 0, r.id, r.bandwidth);
        pugi::xml_node side = node.append_child("SupplementalProperty");
        set(side, "schemeIdUri", kSideScheme);
        set(side, "value", fmt::format("0-{} {}", r.side_size - 1, r.side_file));
        end(node, r.tracks.front());
    }
    /// The further tracks of all `rungs`, a set a number.
    void add_tracks(std::span<const ManifestRung> rungs, const char* mime_type) {
        for (std::size_t number = 1; number < std::size_t(kMaxTracks); ++number) {
            pugi::xml_node tracks;
            for (const ManifestRung& r : rungs) {
                if (r.tracks.size() <= number) continue;
                if (!tracks) tracks = begin_track_set(number, mime_type);
                const ManifestTrack& track = r.tracks[number];
                const std::string id = fmt::format("{}-{}", r.id, number);
                pugi::xml_node node = begin(tracks, r, number, id, track.bandwidth);
                set(node, "associationId", r.id);
                end(node, track);
            }
        }
    }

  private:
    pugi::xml_node begin_track_set(std::size_t number, const char* mime_type) {
        pugi::xml_node tracks = add_set();
        set(tracks, "mimeType", mime_type);
        set(tracks, "subsegmentAlignment", "true"), set(tracks, "subsegmentStartsWithSAP", "1");
        pugi::xml_node property = tracks.append_child("EssentialProperty");
        set(property, "schemeIdUri", kTrackScheme), set(property, "value", std::to_string(number));
        return tracks;
    }
    pugi::xml_node begin(pugi::xml_node parent, const ManifestRung& r, std::size_t track,
                         const std::string& id, std::uint64_t bandwidth) const {
        pugi::xml_node node = parent.append_child("Representation");
        set(node, "id", id), set(node, "codecs", r.tracks[track].codec);
        set(node, "width", std::to_string(r.width)), set(node, "height", std::to_string(r.height));
        set(node, "frameRate", frame_rate_text(fps_));
        set(node, "bandwidth", std::to_string(bandwidth));
        return node;
    }
    static void end(pugi::xml_node node, const ManifestTrack& track) {
        node.append_child("BaseURL").text() = track.file.c_str();
        pugi::xml_node base = node.append_child("SegmentBase");
        set(base, "indexRange", fmt::format("{}-{}", track.index_begin, track.index_end - 1));
        set(base.append_child("Initialization"), "range", fmt::format("0-{}", track.init_size - 1));
    }

    pugi::xml_node period_;
    FrameRate fps_;
    int sets_ = 0;
};

}  // namespace

std::string write_manifest(const Manifest& manifest) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "utf-8";
    pugi::xml_node mpd = document.append_child("MPD");
    Writer::set(mpd, "xmlns", kMpdNamespace);
    Writer::set(mpd, "profiles", kOnDemand);
    Writer::set(mpd, "type", "static");
    Writer::set(mpd, "mediaPresentationDuration", fmt::format("PT{:.6f}S", manifest.seconds));
    Writer::set(mpd, "minBufferTime", "PT1S");
    pugi::xml_node period = mpd.append_child("Period");
    Writer::set(period, "id", "0"), Writer::set(period, "start", "PT0S");
    Writer writer(period, manifest.fps);
    pugi::xml_node rungs = writer.add_set();
    Writer::set(rungs, "contentType", "video");
    Writer::set(rungs, "mimeType", "video/mp4");
    Writer::set(rungs, "subsegmentAlignment", "true"), Writer::set(rungs, "subsegmentStartsWithSAP", "1");
    for (const ManifestRung& r : manifest.rungs) writer.add_rung(rungs, r);
    if (manifest.stage) {
        pugi::xml_node stage = writer.add_set();
        Writer::set(stage, "contentType", "application");
        Writer::set(stage, "mimeType", kStageMimeType);
        Writer::set(stage.append_child("EssentialProperty"), "schemeIdUri", kStageScheme);
        writer.add_rung(stage, *manifest.stage);
    }
    writer.add_tracks(manifest.rungs, "video/mp4");
    if (manifest.stage) writer.add_tracks(std::span(&*manifest.stage, 1), kStageMimeType);
    std::ostringstream out;
    document.save(out, "  ");
    return out.str();
}

Manifest read_manifest(const Bytes& text, const std::string& name) {
    const Parser parser{name};
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size());
    if (!result) throw InputError("{}: is no XML ({} at byte {})", name, result.description(), result.offset);
    const pugi::xml_node mpd = document.child("MPD");
    if (!mpd) parser.fail("the MPD element");
    Manifest manifest;
    std::vector<FurtherTrack> tracks;
    manifest.seconds = parser.duration(mpd.attribute("mediaPresentationDuration").value());
    for (const pugi::xml_node& set : mpd.child("Period").children("AdaptationSet")) {
        if (set.find_child_by_attribute("EssentialProperty", "schemeIdUri", kStageScheme)) {
            if (manifest.stage) parser.fail("a single stage");
            manifest.stage = parser.rung(set.child("Representation"));
            continue;
        }
        if (const auto property =
                set.find_child_by_attribute("EssentialProperty", "schemeIdUri", kTrackScheme)) {
            const std::size_t number = parser.number(property.attribute("value").value(), "a track's number");
            for (const pugi::xml_node& node : set.children("Representation"))
                tracks.push_back(parser.further_track(node, number));
            continue;
        }
        if (set.attribute("contentType").value() != std::string_view("video")) continue;
        for (const pugi::xml_node& node : set.children("Representation")) {
            if (manifest.rungs.size() == kMaxRungs) parser.fail("a reasonable number of Representations");
            manifest.fps = parser.frame_rate(node.attribute("frameRate").value());
            manifest.rungs.push_back(parser.rung(node));
        }
    }
    if (manifest.rungs.empty()) parser.fail("a Representation");
    parser.attach(manifest, std::move(tracks));
    return manifest;
}

}  // namespace volumen
