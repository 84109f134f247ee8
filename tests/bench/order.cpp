// bench_order: bytes of a model's first segment at one quantiser, by the order of its splats. JSON on stdout.
#include "encoder/pack/order.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>

#include "encoder/pack/rotation.h"
#include "encoder/pack/segment.h"
#include "encoder/pack/take_segments.h"
#include "tests/bench/orders.h"

using namespace volumen;

namespace {

nlohmann::json measure(const std::filesystem::path& model, double quality) {
    const auto take = open_take_segments(model, {});
    const std::vector<SplatCloud> frames = take->read(0);
    SegmentSettings settings;
    settings.codec = "h264";
    settings.quality = quality_settings(quality);
    settings.sh_degree = take->sh_degree;
    settings.fps = take->take.fps;
    settings.atlas = fit_atlas(frames[0].count, take->sh_degree, take->take.fps);
    const glm::vec3 size = take->take.bounds_max - take->take.bounds_min;
    settings.extent = std::max({size.x, size.y, size.z});
    const std::uint32_t row = settings.atlas.blocks_per_row;
    const std::vector<std::size_t> halved = order_splats(frames, row), morton = bench::morton_order(frames);
    const std::pair<const char*, std::function<std::vector<std::size_t>()>> orders[] = {
        {"morton", [&] { return morton; }},
        {"halving", [&] { return order_splats(frames, row); }},
        {"self-organised, from morton",
         [&] { return bench::self_organised_order(frames, row, morton, 0.03f); }},
        {"self-organised, from halving, places only",
         [&] { return bench::self_organised_order(frames, row, halved, 0); }},
        {"self-organised, from halving",
         [&] { return bench::self_organised_order(frames, row, halved, 0.03f); }},
        {"self-organised, from halving, more colour",
         [&] { return bench::self_organised_order(frames, row, halved, 0.1f); }},
    };
    nlohmann::json out = {{"model", model.string()}, {"quality", quality}, {"splats", frames[0].count}};
    for (const auto& [name, make] : orders) {
        const auto begin = std::chrono::steady_clock::now();
        const std::vector<std::size_t> order = make();
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        std::vector<SplatCloud> ordered;
        for (const SplatCloud& cloud : frames) ordered.push_back(gather(cloud, order));
        canonicalise_rotations(ordered);
        const AtlasSegment coded = code_ordered_segment(ordered, 0, settings);
        std::size_t video = 0;
        for (std::size_t f = 0; f < ordered.size(); ++f) video += coded.picture_bytes(f);
        const std::size_t side = write_side_segment(coded.side).size();
        out["orders"].push_back({{"order", name},
                                 {"seconds", seconds},
                                 {"keyframe_bytes", coded.picture_bytes(0)},
                                 {"video_bytes", video},
                                 {"side_bytes", side},
                                 {"bytes", video + side}});
    }
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> models;
    std::vector<double> qualities{75};
    CLI::App app("Measures orders of splats on models; JSON on stdout.");
    app.add_option("MODEL", models)->required();
    app.add_option("--quality", qualities)->delimiter(',');
    CLI11_PARSE(app, argc, argv);
    nlohmann::json out = {{"benchmark", "order"}, {"runs", nlohmann::json::array()}};
    for (const std::string& model : models)
        for (const double quality : qualities) out["runs"].push_back(measure(model, quality));
    fmt::print("{}\n", out.dump(1));
}
