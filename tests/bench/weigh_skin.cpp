// weigh_skin STREAM: what a stream of joints and skin costs, part by part: bytes a frame, coded motion
// against its order-0 entropy, opening a segment, decoding motion, and a frame on the device. JSON on stdout.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "formats/stream/chunks.h"
#include "formats/stream/skin_chunks.h"
#include "formats/stream/stream_state.h"
#include "shaders/renderer.h"

using namespace volumen;

namespace {

/// DualGS's joints: motion's decoding time is quoted for as many.
constexpr double kPaperJoints = 15'000;

/// The fastest of `rounds` calls: what else the machine does only ever adds.
template <class Body>
double least_ms(int rounds, Body body) {
    double least = 1e9;
    for (int i = 0; i < rounds; ++i) {
        const auto start = std::chrono::steady_clock::now();
        body();
        const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
        least = std::min(least, passed.count());
    }
    return least;
}

double entropy_bytes(std::span<const std::uint16_t> symbols) {
    std::map<std::uint16_t, double> counts;
    for (const std::uint16_t s : symbols) ++counts[s];
    double bits = 0;
    for (const auto& [symbol, count] : counts) bits -= count * std::log2(count / double(symbols.size()));
    return bits / 8;
}

/// The six coded arrays of a segment's motion: they are the end of its chunk.
nlohmann::json measure_motion(const Bytes& chunk, const SkinSegment& s, int rounds) {
    ByteReader in(chunk, "bench");
    in.take(kJointComponents);
    std::vector<std::uint16_t> symbols(std::size_t(s.joint_count) * std::size_t(s.frame_count - 1));
    // First places stand in front: three coded arrays, each with what escapes it.
    for (int axis = 0; axis < 3; ++axis) {
        std::vector<std::uint16_t> first(s.joint_count);
        RansDecoder decoder(in, "bench");
        decoder.decode(first);
        for (const std::uint16_t symbol : first)
            if (symbol == kMaxRansAlphabet - 1) in.u32();
    }
    double entropy = 0;
    const std::size_t begin = in.position();
    std::vector<RansDecoder> arrays;
    for (std::size_t c = 0; c < kJointComponents; ++c) {
        arrays.emplace_back(in, "bench");
        RansDecoder decoder = arrays.back();
        decoder.decode(symbols);
        entropy += entropy_bytes(symbols);
    }
    const double bytes = double(in.position() - begin);
    std::vector<std::uint16_t> frame(s.joint_count);
    const double ms = least_ms(rounds, [&] {
        std::vector<RansDecoder> decoders = arrays;
        for (int f = 1; f < s.frame_count; ++f)
            for (RansDecoder& decoder : decoders) decoder.decode(frame);
    });
    const double per_frame = ms / double(s.frame_count - 1);
    return {{"joints", s.joint_count},
            {"bytes", bytes},
            {"entropy_bytes", entropy},
            {"over_entropy_percent", 100 * (bytes / entropy - 1)},
            {"decode_ms_per_frame", per_frame},
            {"decode_ms_per_frame_of_15000_joints", per_frame * kPaperJoints / double(s.joint_count)}};
}

nlohmann::json measure(const StreamRung& rung, std::size_t segment, Renderer& renderer, int rounds) {
    const SegmentEntry& entry = rung.side.segments[segment];
    const Bytes bytes = rung.side_source.read(entry.side_offset, entry.side_size);
    nlohmann::json parts;
    for (const ChunkSize& chunk : chunk_sizes(bytes, "bench"))
        parts[chunk.type] = double(chunk.bytes) / entry.frame_count;
    parts["video"] = double(entry.video_size) / entry.frame_count;
    nlohmann::json out = {{"frames", entry.frame_count},
                          {"splats", entry.splat_count},
                          {"bytes_per_frame", double(entry.side_size + entry.video_size) / entry.frame_count},
                          {"parts_per_frame", parts}};

    std::shared_ptr<SkinSegment> skin;
    out["open_ms"] = least_ms(rounds, [&] { skin = load_skin_segment(rung, segment); });
    RungVideo video(rung, HwAccel::none);
    out["lookups_ms"] = least_ms(rounds, [&] {
        skin->luma.clear();
        video.start(segment);
        decode_lookups(video, *skin);
    });
    if (entry.frame_count > 1) {
        const Chunks chunks(bytes,
                            {kJoints, kSkinLayout, kFirstFrame, kMeans, kCodebooks[0], kCodebooks[1],
                             kCodebooks[2], kCodebooks[3], kPictureChecksums},
                            "bench");
        out["motion"] = measure_motion(chunks.unpack_up_to(kJoints, bytes.size() * 16), *skin, rounds);
    }
    nlohmann::json changes;
    for (const SegmentCodebook& book : skin->codebooks)
        changes.push_back({{"entries", book.entries()},
                           {"change_share",
                            double(book.change_frame.size()) /
                                (double(entry.splat_count) * std::max(1.0, double(entry.frame_count) - 1))}});
    out["codebooks"] = changes;

    const Camera camera = Camera::look_at({0, -4, 1}, {0, 0, 1}, {0, 0, 1}, 0.7f, 64, 64);
    double device = 1e9;
    for (int f = 0; f < int(entry.frame_count); ++f) {
        renderer.set_frame({.index = skin->first_frame + f, .skin = skin});
        renderer.render(camera, {});
        if (f > 0) device = std::min(device, renderer.stats().reconstruct_ms);
    }
    out["reconstruct_ms"] = device;
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    int rounds = 8;
    std::string path;
    CLI::App app("Weighs and times a stream of joints and skin; JSON on stdout.");
    app.add_option("STREAM", path, "a stream packed from a model of profile dualgs")->required();
    app.add_option("--rounds", rounds, "the fastest of so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    CLI11_PARSE(app, argc, argv);
    try {
        const auto stream = open_state(path);
        const StreamRung& rung = stream->rungs.front();
        if (!rung.side.header.has_skin()) throw InputError("{}: has no joints", path);
        gpu::Device device{gpu::DeviceParams{}};
        Renderer renderer(device);
        nlohmann::json out = {{"benchmark", "skin"}, {"segments", nlohmann::json::array()}};
        for (std::size_t i = 0; i < rung.side.segments.size(); ++i)
            out["segments"].push_back(measure(rung, i, renderer, rounds));
        fmt::print("{}\n", out.dump(2));
    } catch (const std::exception& error) {
        fmt::print(stderr, "weigh_skin: {}\n", error.what());
        return 1;
    }
}
