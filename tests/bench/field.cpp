// Times of V³'s motion field, as JSON on stdout: bench_field [--splats N] [--iterations N]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "encoder/train/v3/motion_field.h"
#include "formats/core/parallel.h"

using namespace volumen;
using namespace volumen::train;
using nlohmann::json;

namespace {

double now_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Of all threads together, waiting excluded.
double processor_ms() {
    return double(std::clock()) * 1e3 / CLOCKS_PER_SEC;
}

/// On the surface of a standing capsule, about a person's size.
SplatCloud capsule(std::size_t count) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> height(0.3f, 1.5f);
    SplatCloud cloud(count, 0);
    for (std::size_t i = 0; i < count; ++i) {
        const glm::vec3 p = glm::vec3(0, 0, height(random)) +
                            0.3f * glm::normalize(glm::vec3(normal(random), normal(random), normal(random)));
        for (int axis = 0; axis < 3; ++axis) cloud.channel(axis)[i] = p[axis];
    }
    return cloud;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Times of the motion field, as JSON");
    std::size_t splats = 10000;
    int iterations = 100;
    app.add_option("--splats", splats)->check(CLI::Range(1, 4000000));
    app.add_option("--iterations", iterations)->check(CLI::Range(1, 100000));
    CLI11_PARSE(app, argc, argv);

    const SplatCloud base = capsule(splats);
    std::mt19937_64 random(1);
    MotionField field(glm::vec3(-0.4f, -0.4f, 0), glm::vec3(0.4f, 0.4f, 1.8f), random);
    SplatCloud moved = base, d_moved(splats, 0);
    for (int axis = 0; axis < 3; ++axis)
        for (std::size_t i = 0; i < splats; ++i)
            d_moved.channel(axis)[i] = std::sin(float(i) + float(axis)) / float(splats);

    std::map<std::string, std::vector<double>> ms;
    const auto time = [&](const char* name, bool counts, const auto& work) {
        const double start = now_ms();
        work();
        if (counts) ms[name].push_back(now_ms() - start);
    };
    for (int i = 0; i < 5; ++i) time("rebase", true, [&] { field.rebase(base); });
    HashGrid& grid = field.grid();
    Mlp& mlp = field.mlp();
    std::vector<float> encoded(splats * grid.features()), d_encoded = encoded;
    std::vector<float> outputs(splats * Mlp::kOutputs), d_outputs(outputs.size());
    for (std::size_t i = 0; i < d_outputs.size(); ++i) d_outputs[i] = std::sin(float(i)) / float(splats);
    constexpr int kWarmUp = 5;
    constexpr float kRate = 1e-6f;
    for (int i = -kWarmUp; i < iterations; ++i) {
        const bool counts = i >= 0;
        const double start = processor_ms();
        time("whole", counts, [&] {
            time("warp", counts, [&] { field.warp(moved); });
            time("pull_back", counts, [&] { field.pull_back(d_moved); });
            time("step", counts, [&] { field.step(kRate); });
        });
        if (counts) ms["processor"].push_back(processor_ms() - start);
        time("encode", counts, [&] { grid.encode(encoded); });
        time("forward", counts, [&] { mlp.forward(encoded, outputs); });
        time("backward", counts, [&] { mlp.backward(encoded, d_outputs, d_encoded); });
        time("grid_step", counts, [&] { grid.step(d_encoded, kRate); });
        time("mlp_step", counts, [&] { mlp.step(kRate); });
    }
    // The median is what one waits for; the best is what is left of it on a busy machine.
    json median, best;
    const auto round3 = [](double x) { return std::round(x * 1000) / 1000; };
    for (auto& [name, values] : ms) {
        std::ranges::sort(values);
        median[name] = round3(values[values.size() / 2]), best[name] = round3(values[0]);
    }
    // Two operations a weight and splat forward; as many for the weights' gradients and for the inputs' back.
    const double gflop = 2e-9 * double(splats) * double(mlp.gradient().size());
    const json rate = {{"forward", round3(gflop / ms["forward"][0] * 1e3)},
                       {"backward", round3(2 * gflop / ms["backward"][0] * 1e3)}};
    const json out = {{"splats", splats},
                      {"threads", thread_count()},
                      {"table_entries", grid.parameters().values.size() / kGridFeatures},
                      {"ms", median},
                      {"best_ms", best},
                      {"best_gflop_per_s", rate}};
    std::puts(out.dump(2).c_str());
}
