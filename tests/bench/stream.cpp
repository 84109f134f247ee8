// bench_stream: how long packing, decoding and CPU reconstruction take, and how many bytes come out, for each
// codec and SH degree, on a generated figure that sways. JSON on stdout. What software decodes on two
// threads: VOLUMEN_THREADS=2 bench_stream --splats 200000 --frames 24 --sh 0,1,2,3
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include "encoder/pack/pack.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"
#include "formats/splats/ply.h"
#include "formats/stream/reader.h"
#include "tests/bench/splat_scenes.h"

using namespace volumen;
namespace fs = std::filesystem;

namespace {

double milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// The figure sways: each splat swings about the vertical axis, the more the higher it is.
SplatCloud swaying(const SplatCloud& rest, int frame) {
    SplatCloud cloud = rest;
    for (std::size_t i = 0; i < rest.count; ++i) {
        const float height = rest.channel(SplatCloud::kPosition + 1)[i];
        const float swing = 0.15f * std::sin(0.25f * float(frame) + height);
        cloud.channel(SplatCloud::kPosition)[i] += swing;
        cloud.channel(SplatCloud::kPosition + 2)[i] += 0.5f * swing * height;
    }
    return cloud;
}

/// Colours of any degree, steady in time: half of them noise from splat to splat, as trained ones are.
SplatCloud coloured(const SplatCloud& rest, int sh_degree) {
    SplatCloud cloud = with_sh_degree(rest, sh_degree);
    std::mt19937 random(5);
    std::normal_distribution<float> normal(0, 0.05f);
    for (int c = 3; c < 3 * sh_coefficients(sh_degree); ++c)
        for (float& v : cloud.channel(SplatCloud::kSh + c)) v = normal(random);
    return cloud;
}

/// Processor time of all threads: what holds on a machine that has other work too.
double processor_milliseconds() {
    return 1000.0 * double(std::clock()) / CLOCKS_PER_SEC;
}

struct Pass {
    double milliseconds = 0, processor = 0;  ///< a frame; processor: of all threads together
    double fps() const { return 1000 / milliseconds; }
    nlohmann::json json() const {
        return {{"ms", milliseconds}, {"processor_ms", processor}, {"fps", fps()}};
    }
};

/// Decodes the take from packets to planes, and with `dequantise` to splats. A segment decodes at once, and
/// ahead of what is asked for: only means over all frames say what one costs.
Pass decode(const Stream& stream, bool dequantise) {
    FrameDecoder decoder(stream, 0, HwAccel::none);
    const auto start = std::chrono::steady_clock::now();
    const double processor = processor_milliseconds();
    while (const auto frame = decoder.next())
        if (dequantise) reconstruct(*frame);
    const int frames = stream.frame_count();
    return {milliseconds_since(start) / frames, (processor_milliseconds() - processor) / frames};
}

nlohmann::json measure_decoding(const fs::path& stream) {
    const Stream opened = Stream::open(stream);
    const RungInfo& rung = opened.rungs().front();
    return {{"stream", stream.filename()},
            {"sh_degree", rung.sh_degree},
            {"tracks", rung.tracks.size() - 1},
            {"width", rung.tracks.front().width},
            {"height", rung.tracks.front().height},
            {"frames", opened.frame_count()},
            {"decode", decode(opened, false).json()},
            {"decode_and_reconstruct", decode(opened, true).json()}};
}

nlohmann::json measure(const fs::path& model, const fs::path& stream, const std::string& codec, int frames) {
    PackOptions options;
    options.codec = codec;
    options.find_steps = false;  // bench_rate times the search
    const PackResult packed = pack(model, stream, options);
    nlohmann::json out = measure_decoding(stream);
    out["codec"] = codec;
    out["pack_ms_per_frame"] = packed.seconds * 1000 / frames;
    out["bytes_per_frame"] = double(packed.bytes) / frames;
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t splats = 10'000;
    int frames = 60;
    std::vector<int> degrees{1};
    std::string kept;
    std::vector<std::string> codecs{"h264", "hevc", "av1"}, streams;
    CLI::App app("Times packing and decoding on a generated take; JSON on stdout.");
    app.add_option("--splats", splats, "of the generated figure")->capture_default_str();
    app.add_option("--frames", frames, "of the generated take")->capture_default_str();
    app.add_option("--sh", degrees, "SH degrees")->delimiter(',')->check(CLI::Range(0, kMaxShDegree));
    app.add_option("--codecs", codecs, "h264, hevc, av1")->delimiter(',');
    app.add_option("--keep", kept, "folder for the model and the streams, which stay there");
    app.add_option("--streams", streams, "decodes these, and makes no take");
    CLI11_PARSE(app, argc, argv);
    fs::path folder = fs::temp_directory_path() / fmt::format("volumen-bench-{}", getpid());
    const bool keep = !kept.empty();
    if (keep) folder = kept;
    try {
        if (!streams.empty()) {
            nlohmann::json out = {
                {"benchmark", "stream"}, {"threads", thread_count()}, {"runs", nlohmann::json::array()}};
            for (const std::string& stream : streams) out["runs"].push_back(measure_decoding(stream));
            fmt::print("{}\n", out.dump(2));
            return 0;
        }
        fs::create_directories(folder / "model");
        const SplatCloud rest = bench::figure_scene(splats, 1280, 720, 1).cloud;
        nlohmann::json out = {{"benchmark", "stream"},
                              {"splats", splats},
                              {"threads", thread_count()},
                              {"runs", nlohmann::json::array()}};
        for (const int degree : degrees) {
            const SplatCloud cloud = coloured(rest, degree);
            for (int f = 0; f < frames; ++f)
                write_ply(folder / "model" / fmt::format("{:06}.ply", f), swaying(cloud, f));
            for (const std::string& codec : codecs)
                out["runs"].push_back(
                    measure(folder / "model", folder / fmt::format("{}-sh{}", codec, degree), codec, frames));
        }
        fmt::print("{}\n", out.dump(2));
        if (!keep) fs::remove_all(folder);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_stream: {}\n", error.what());
        if (!keep) fs::remove_all(folder);
        return 1;
    }
}
