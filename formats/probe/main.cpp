// volumen-probe: what is in a stream, and whether it is whole.
#include <nlohmann/json.hpp>

#include "formats/core/error.h"
#include "formats/program/program.h"
#include "formats/stream/reader.h"

using namespace volumen;
using nlohmann::json;

namespace {

double seconds(const Stream& stream) {
    return stream.frame_count() / stream.info().fps.value();
}

double mbit_per_s(const Stream& stream, const RungInfo& rung) {
    double bytes = 0;
    for (const TrackInfo& track : rung.tracks) bytes += double(track.bytes);
    return bytes * 8 / 1e6 / seconds(stream);
}

json describe(const RungInfo& rung, const std::vector<TrackInfo>& parts) {
    json tracks = json::array();
    for (const TrackInfo& t : parts) {
        tracks.push_back({{"id", t.id}, {"tool", t.tool}, {"codec", t.codec}, {"bytes", t.bytes}});
        if (t.width) tracks.back()["width"] = t.width, tracks.back()["height"] = t.height;
    }
    return {{"id", rung.id},
            {"profile", rung.profile},
            {"splats", rung.max_splats},
            {"sh_degree", rung.sh_degree},
            {"tracks", tracks}};
}

json describe(const Stream& stream) {
    json rungs = json::array(), segments = json::array();
    for (std::size_t i = 0; i < stream.rungs().size(); ++i) {
        const RungInfo& rung = stream.rungs()[i];
        rungs.push_back(describe(rung, stream.parts(int(i))));
        rungs.back()["mbit_per_s"] = mbit_per_s(stream, rung);
    }
    const std::optional<RungInfo> stage = stream.stage();
    for (const SegmentInfo& s : stream.segments())
        segments.push_back({{"first_frame", s.first_frame},
                            {"frames", s.frame_count},
                            {"splats", s.splat_count},
                            {"bytes", s.bytes}});
    const TakeInfo& take = stream.info();
    return {{"duration", seconds(stream)},
            {"fps", take.fps.value()},
            {"fps_fraction", {take.fps.numerator, take.fps.denominator}},
            {"frames", stream.frame_count()},
            {"metres_per_unit", take.metres_per_unit},
            {"segments", segments},
            {"rungs", rungs},
            {"stage", stage ? describe(*stage, stage->tracks) : json()}};
}

void print_table(const Stream& stream) {
    const TakeInfo& take = stream.info();
    fmt::print("{} frames, {:.3f} s at {:.6g} frames/s, {} segments, {} metres a unit\n",
               stream.frame_count(), seconds(stream), take.fps.value(), stream.segments().size(),
               take.metres_per_unit);
    for (std::size_t i = 0; i < stream.rungs().size(); ++i) {
        const RungInfo& rung = stream.rungs()[i];
        fmt::print("rung {}  profile {}  {:.3f} Mbit/s  up to {} splats, SH degree {}\n", rung.id,
                   rung.profile, mbit_per_s(stream, rung), rung.max_splats, rung.sh_degree);
        for (const TrackInfo& t : stream.parts(int(i))) {
            const std::string size = t.width ? fmt::format("{}×{}", t.width, t.height) : "";
            fmt::print("  {:7} {:8} {:16} {:10} {:>12} bytes {:>10.1f} a frame  {}\n", t.id, t.tool, t.codec,
                       size, t.bytes, double(t.bytes) / stream.frame_count(), t.file);
        }
    }
    if (const std::optional<RungInfo> stage = stream.stage()) {
        fmt::print("stage  {} splats, SH degree {}, stored once\n", stage->max_splats, stage->sh_degree);
        for (const TrackInfo& t : stage->tracks)
            fmt::print("  {:7} {:8} {:16} {:>12} bytes  {}\n", t.id, t.tool, t.codec, t.bytes, t.file);
    }
    fmt::print("segment  first frame  frames  splats      bytes\n");
    int index = 0;
    for (const SegmentInfo& s : stream.segments())
        fmt::print("{:7}  {:11}  {:6}  {:6}  {:9}\n", index++, s.first_frame, s.frame_count, s.splat_count,
                   s.bytes);
}

int probe(const std::string& path, bool as_json, bool check) {
    const Stream stream = Stream::open(path);
    json out = describe(stream);
    VerifyReport report;
    if (check) {
        report = verify(path);
        out["verify"] = {
            {"frames", report.frames}, {"segments", report.segments}, {"problems", report.problems}};
    }
    if (as_json) {
        fmt::print("{}\n", out.dump(2));
    } else {
        print_table(stream);
        if (check && report.problems.empty())
            fmt::print("whole: {} frames in {} segments decode to the encoder's values\n", report.frames,
                       report.segments);
    }
    for (const std::string& problem : report.problems) fmt::print(stderr, "volumen-probe: {}\n", problem);
    return report.problems.empty() ? kExitDone : kExitInput;
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("volumen-probe", [&] {
        CLI::App app("Says what is in a volumetric video, and checks it.", "volumen-probe");
        std::string stream;
        bool as_json = false, check = false;
        app.add_option("STREAM", stream, "a stream's folder, or its manifest.mpd")
            ->required()
            ->type_name("FILE");
        app.add_flag("--json", as_json, "JSON on standard output");
        app.add_flag("--verify", check, "decode everything; check structure and checksums");
        add_standard_options(app);
        if (const auto status = parse_command_line(app, argc, argv)) return *status;
        return probe(stream, as_json, check);
    });
}
