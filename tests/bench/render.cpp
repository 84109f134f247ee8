// bench_render: how long the renderer takes and how many bytes it moves, by part, on generated scenes or on a
// PLY. JSON on stdout.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "formats/core/error.h"
#include "formats/media/image_file.h"
#include "formats/splats/read_splats.h"
#include "shaders/renderer.h"
#include "tests/bench/copy_bandwidth.h"
#include "tests/bench/quads/quads.h"
#include "tests/bench/splat_scenes.h"
#include "tests/bench/traffic.h"

using namespace volumen;

namespace {

const std::map<std::string, Order> kOrderNames{
    {"depth", Order::depth}, {"distance", Order::distance}, {"pixel", Order::pixel}};

struct Options {
    std::vector<std::size_t> ball{200'000}, figure{10'000};
    std::vector<std::string> plys;
    std::vector<float> eye{0, 0, -3}, target{0, 0, 0}, up{0, -1, 0};
    std::vector<int> size{1280, 720};
    int warm_up = 3, frames = 20;
    std::uint32_t seed = 1;
    std::string device, picture;
    Order order = Order::depth;
    bool quads = false;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(values.size() / 2), values.end());
    return values[values.size() / 2];
}

/// The same by hardware-blended rectangles; `image`: the renderer's, to see that both draw the same.
nlohmann::json measure_quads(gpu::Device& device, const bench::Scene& scene, const Options& options,
                             std::uint32_t visible, const Image8& image) {
    bench::Quads quads(device, scene.cloud, scene.camera);
    std::vector<double> project, sort, draw, render;
    for (int i = 0; i < options.warm_up + options.frames; ++i) {
        const bench::QuadTimes times = quads.draw(visible);
        if (i < options.warm_up) continue;
        project.push_back(times.project_ms), sort.push_back(times.sort_ms);
        draw.push_back(times.draw_ms), render.push_back(times.render_ms);
    }
    const Image8 other = quads.picture();
    double squares = 0;
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
        squares += std::pow(double(image.pixels[i]) - other.pixels[i], 2);
    return {{"project_ms", median(project)},
            {"sort_ms", median(sort)},
            {"draw_ms", median(draw)},
            {"render_ms", median(render)},
            {"psnr_to_tiles",
             10 * std::log10(255.0 * 255 * double(image.pixels.size()) / std::max(squares, 1e-9))}};
}

/// `copy`: bytes per second of the device's own copies. A share above 1: caches gave more than memory can.
nlohmann::json part_traffic(const std::vector<bench::KernelTraffic>& kernels, double ms, double copy) {
    const std::uint64_t bytes = bench::total_bytes(kernels);
    nlohmann::json out{{"bytes", bytes}, {"kernels", nlohmann::json::array()}};
    for (const bench::KernelTraffic& kernel : kernels)
        out["kernels"].push_back(
            {{"kernel", kernel.kernel}, {"read", kernel.read}, {"written", kernel.written}});
    if (ms > 0 && copy > 0) {
        const double per_second = double(bytes) / (ms * 1e-3);
        out["gb_per_s"] = per_second * 1e-9;
        out["share_of_copy"] = per_second / copy;
    }
    return out;
}

nlohmann::json measure(gpu::Device& device, const bench::Scene& scene, const Options& options, double copy) {
    Renderer renderer(device);
    renderer.set_cloud(scene.cloud);
    std::vector<double> project, sort, raster, render, wall;
    Image8 image;
    for (int i = 0; i < options.warm_up + options.frames; ++i) {
        const auto start = std::chrono::steady_clock::now();
        image = renderer.render(scene.camera, {.order = options.order});
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
        if (i < options.warm_up) continue;
        const RenderStats& stats = renderer.stats();
        project.push_back(stats.project_ms), sort.push_back(stats.sort_ms);
        raster.push_back(stats.raster_ms), render.push_back(stats.render_ms);
        wall.push_back(took.count());
    }
    if (!options.picture.empty()) {
        const std::string file = options.picture + "_" + scene.name + ".png";
        write_image(file, image);
    }
    const RenderStats& stats = renderer.stats();
    const bench::FrameTraffic traffic = bench::count_traffic({.splats = stats.splats,
                                                              .visible = stats.visible,
                                                              .entries = stats.tile_entries,
                                                              .sort_chunks = stats.sort_chunks,
                                                              .bin_chunks = stats.bin_chunks,
                                                              .lanes = device.subgroup_size,
                                                              .width = scene.camera.width,
                                                              .height = scene.camera.height,
                                                              .sh_degree = scene.cloud.sh_degree,
                                                              .order = options.order});
    nlohmann::json out{{"scene", scene.name},
                       {"splats", stats.splats},
                       {"sh_degree", scene.cloud.sh_degree},
                       {"width", scene.camera.width},
                       {"height", scene.camera.height},
                       {"visible", stats.visible},
                       {"tile_entries", stats.tile_entries},
                       {"project_ms", median(project)},
                       {"sort_ms", median(sort)},
                       {"raster_ms", median(raster)},
                       {"render_ms", median(render)},
                       {"render_ms_min", *std::min_element(render.begin(), render.end())},
                       {"render_ms_max", *std::max_element(render.begin(), render.end())},
                       {"wall_ms", median(wall)},
                       {"sort_chunks", stats.sort_chunks},
                       {"bin_chunks", stats.bin_chunks},
                       {"traffic",
                        {{"project", part_traffic(traffic.project, median(project), copy)},
                         {"sort", part_traffic(traffic.sort, median(sort), copy)},
                         {"raster", part_traffic(traffic.raster, median(raster), copy)}}}};
    if (options.quads) out["quads"] = measure_quads(device, scene, options, stats.visible, image);
    return out;
}

void run(const Options& options) {
    gpu::Device device({.name = options.device, .instance_extensions = {}});
    const double copy = bench::measure_copy_bandwidth(device);
    nlohmann::json out{{"device", device.device_name},
                       {"subgroup_size", device.subgroup_size},
                       {"frames", options.frames},
                       {"copy_gb_per_s", copy * 1e-9},
                       {"scenes", nlohmann::json::array()}};
    const int width = options.size[0], height = options.size[1];
    for (std::size_t n : options.ball)
        out["scenes"].push_back(
            measure(device, bench::ball_scene(n, width, height, options.seed), options, copy));
    for (std::size_t n : options.figure)
        out["scenes"].push_back(
            measure(device, bench::figure_scene(n, width, height, options.seed), options, copy));
    const auto vector = [](const std::vector<float>& v) { return glm::vec3(v[0], v[1], v[2]); };
    for (const std::string& file : options.plys)
        out["scenes"].push_back(measure(device,
                                        {std::filesystem::path(file).stem().string(), read_splats(file).cloud,
                                         Camera::look_at(vector(options.eye), vector(options.target),
                                                         vector(options.up), 1, width, height)},
                                        options, copy));
    fmt::print("{}\n", out.dump(2));
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Measures the renderer; JSON on stdout"};
    app.add_option("--ball", options.ball, "Splats of the ball scene; several: one run each");
    app.add_option("--figure", options.figure, "Splats of the figure scene; several: one run each");
    app.add_option("--ply", options.plys, "Splat files to measure beside them");
    app.add_option("--eye", options.eye, "Where --ply is seen from")->expected(3);
    app.add_option("--target", options.target, "What is looked at")->expected(3);
    app.add_option("--up", options.up, "Upwards in the scene")->expected(3);
    app.add_option("--size", options.size, "Width and height")->expected(2);
    app.add_option("--warm-up", options.warm_up, "Frames that do not count");
    app.add_option("--frames", options.frames, "Frames of which the median counts")
        ->check(CLI::PositiveNumber);
    app.add_option("--seed", options.seed, "Of the generated scenes");
    app.add_option("--gpu", options.device, "Part of the device's name, or its index");
    app.add_flag("--quads", options.quads, "Also what hardware-blended rectangles take instead of tiles");
    app.add_option("--order", options.order, "What splats are drawn in the order of")
        ->transform(CLI::CheckedTransformer(kOrderNames));
    app.add_option("--picture", options.picture, "Writes PREFIX_<scene>.png");
    CLI11_PARSE(app, argc, argv);
    try {
        run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_render: {}\n", error.what());
        return 1;
    }
}
