#include "formats/stream/manifest.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>
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

std::string frame_rate_text(FrameRate fps) {
    return fps.denominator == 1 ? fmt::format("{}", fps.numerator)
                                : fmt::format("{}/{}", fps.numerator, fps.denominator);
}

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
    ManifestRung rung(const pugi::xml_node& node) const;
};

ManifestRung Parser::rung(const pugi::xml_node& node) const {
    ManifestRung r;
    r.id = file(node.attribute("id").value(), "a Representation's id");
    r.codec = file(node.attribute("codecs").value(), "codecs");
    r.width = int(number(node.attribute("width").value(), "width", kMaxAtlasWidth));
    r.height = int(number(node.attribute("height").value(), "height", kMaxAtlasHeight));
    r.bandwidth = number(node.attribute("bandwidth").value(), "bandwidth");
    r.video_file = file(node.child("BaseURL").child_value(), "BaseURL");
    const pugi::xml_node base = node.child("SegmentBase");
    std::tie(r.index_begin, r.index_end) = range(base.attribute("indexRange").value(), "indexRange");
    const auto [begin, end] =
        range(base.child("Initialization").attribute("range").value(), "Initialization range");
    if (begin != 0 || end > kMaxInitBytes) fail("Initialization range");
    r.init_size = end;
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

}  // namespace

std::string write_manifest(const Manifest& manifest) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "utf-8";
    const auto set = [](pugi::xml_node node, const char* name, const std::string& value) {
        node.append_attribute(name) = value.c_str();
    };
    pugi::xml_node mpd = document.append_child("MPD");
    set(mpd, "xmlns", kMpdNamespace);
    set(mpd, "profiles", kOnDemand);
    set(mpd, "type", "static");
    set(mpd, "mediaPresentationDuration", fmt::format("PT{:.6f}S", manifest.seconds));
    set(mpd, "minBufferTime", "PT1S");
    pugi::xml_node period = mpd.append_child("Period");
    set(period, "id", "0"), set(period, "start", "PT0S");
    pugi::xml_node adaptation = period.append_child("AdaptationSet");
    set(adaptation, "id", "0"), set(adaptation, "contentType", "video");
    set(adaptation, "mimeType", "video/mp4");
    set(adaptation, "subsegmentAlignment", "true"), set(adaptation, "subsegmentStartsWithSAP", "1");
    const auto add = [&](pugi::xml_node parent, const ManifestRung& r) {
        pugi::xml_node node = parent.append_child("Representation");
        set(node, "id", r.id), set(node, "codecs", r.codec);
        set(node, "width", std::to_string(r.width)), set(node, "height", std::to_string(r.height));
        set(node, "frameRate", frame_rate_text(manifest.fps));
        set(node, "bandwidth", std::to_string(r.bandwidth));
        pugi::xml_node side = node.append_child("SupplementalProperty");
        set(side, "schemeIdUri", kSideScheme);
        set(side, "value", fmt::format("0-{} {}", r.side_size - 1, r.side_file));
        node.append_child("BaseURL").text() = r.video_file.c_str();
        pugi::xml_node base = node.append_child("SegmentBase");
        set(base, "indexRange", fmt::format("{}-{}", r.index_begin, r.index_end - 1));
        set(base.append_child("Initialization"), "range", fmt::format("0-{}", r.init_size - 1));
    };
    for (const ManifestRung& r : manifest.rungs) add(adaptation, r);
    if (manifest.stage) {
        pugi::xml_node stage = period.append_child("AdaptationSet");
        set(stage, "id", "1"), set(stage, "contentType", "application");
        set(stage, "mimeType", "application/mp4");
        set(stage.append_child("EssentialProperty"), "schemeIdUri", kStageScheme);
        add(stage, *manifest.stage);
    }
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
    manifest.seconds = parser.duration(mpd.attribute("mediaPresentationDuration").value());
    for (const pugi::xml_node& set : mpd.child("Period").children("AdaptationSet")) {
        if (set.find_child_by_attribute("EssentialProperty", "schemeIdUri", kStageScheme)) {
            if (manifest.stage) parser.fail("a single stage");
            manifest.stage = parser.rung(set.child("Representation"));
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
    return manifest;
}

}  // namespace volumen
