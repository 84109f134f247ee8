// Times of the cpu trainer's core on a generated figure, as JSON on stdout:
//   bench_trainer [--splats N] [--size PIXELS] [--degree D] [--iterations N] [--table]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "encoder/train/adam.h"
#include "encoder/train/loss.h"
#include "encoder/train/rasteriser.h"
#include "formats/core/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/bench/trainer.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bench::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Independent multiply-adds, enough to fill the units; returns the floating-point operations done.
double multiply_adds(std::size_t rounds, float* sink) {
    const hn::CappedTag<float, 16> d;
    const auto a = hn::Set(d, 0.999f), b = hn::Set(d, 0.001f);
    auto x0 = hn::Set(d, 1.0f), x1 = hn::Set(d, 1.1f), x2 = hn::Set(d, 1.2f), x3 = hn::Set(d, 1.3f);
    auto x4 = hn::Set(d, 1.4f), x5 = hn::Set(d, 1.5f), x6 = hn::Set(d, 1.6f), x7 = hn::Set(d, 1.7f);
    auto x8 = hn::Set(d, 1.8f), x9 = hn::Set(d, 1.9f);
    for (std::size_t i = 0; i < rounds; ++i) {
        x0 = hn::MulAdd(x0, a, b), x1 = hn::MulAdd(x1, a, b), x2 = hn::MulAdd(x2, a, b);
        x3 = hn::MulAdd(x3, a, b), x4 = hn::MulAdd(x4, a, b), x5 = hn::MulAdd(x5, a, b);
        x6 = hn::MulAdd(x6, a, b), x7 = hn::MulAdd(x7, a, b), x8 = hn::MulAdd(x8, a, b);
        x9 = hn::MulAdd(x9, a, b);
    }
    *sink = hn::GetLane(((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7)) + (x8 + x9));
    return double(rounds) * 10 * 2 * double(hn::Lanes(d));
}

const char* target_name() {
    return hwy::TargetName(HWY_TARGET);
}

}  // namespace
}  // namespace bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bench {

HWY_EXPORT(multiply_adds);
HWY_EXPORT(target_name);

namespace {

using namespace volumen;
using namespace volumen::train;
using nlohmann::json;

// Floating-point operations of the blend loops for one (pixel, splat) pair; a multiply-add is two,
// comparisons, minima, selections and the integer half of exp2 are none. Both: offsets 2, exponent 3 + 2 + 3,
// exp2 3 + 10.
constexpr double kCoverageOperations = 23;
// weight and transmittance 2, three colours 6.
constexpr double kForwardOperations = kCoverageOperations + 8;
// 1 - alpha 1, reciprocal 1 + 3, transmittance and weight 2, colour · gradient 5, d alpha 3, what lies behind
// 2, moments: product with alpha 1, two products, four sums, six for the second moments, six for the colours.
constexpr double kBackwardOperations = kCoverageOperations + 36;

double now_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// GFLOP/s of all threads together, with nothing but multiply-adds in registers: the best that one thread did
/// in any of many short runs, times the threads, so that other work on the machine does not lower it.
double measure_peak() {
    double best = 0;
    float sink = 0;
    for (int attempt = 0; attempt < 200; ++attempt) {
        const double start = now_ms();
        const double operations = HWY_DYNAMIC_DISPATCH(multiply_adds)(20000, &sink);
        best = std::max(best, operations / (now_ms() - start) * 1e-6);
    }
    return best * thread_count() + 1e-30 * double(sink);
}

struct Random {
    std::mt19937 engine{1};
    float operator()(float low, float high) {
        return low + (high - low) * float(engine() >> 8) / float(1 << 24);
    }
    float normal() {
        float sum = 0;
        for (int i = 0; i < 12; ++i) sum += (*this)(0, 1);
        return sum - 6;
    }
};

/// A standing figure, 1.75 units tall, of flat splats on the surfaces of capsules, as a trained cloud has
/// them.
SplatCloud figure(std::size_t count, int degree) {
    struct Limb {
        glm::vec3 from, to;
        float radius;
    };
    const Limb limbs[] = {{{0, 0, 0.95f}, {0, 0, 1.4f}, 0.2f},
                          {{0, 0, 1.62f}, {0, 0, 1.66f}, 0.12f},
                          {{0.22f, 0, 1.4f}, {0.42f, -0.1f, 0.85f}, 0.07f},
                          {{-0.22f, 0, 1.4f}, {-0.42f, 0.1f, 0.85f}, 0.07f},
                          {{0.1f, 0, 0.9f}, {0.18f, -0.15f, 0.06f}, 0.1f},
                          {{-0.1f, 0, 0.9f}, {-0.18f, 0.15f, 0.06f}, 0.1f}};
    float areas[6], total = 0;
    for (int i = 0; i < 6; ++i)
        total += areas[i] =
            limbs[i].radius * (glm::length(limbs[i].to - limbs[i].from) + 2 * limbs[i].radius);
    SplatCloud cloud(count, degree);
    Random random;
    const float area = 6.28f * total;
    const float spacing = std::sqrt(area / float(count));
    for (std::size_t s = 0; s < count; ++s) {
        float pick = random(0, total);
        int which = 0;
        while (which < 5 && pick > areas[which]) pick -= areas[which++];
        const Limb& limb = limbs[which];
        glm::vec3 normal(random.normal(), random.normal(), random.normal());
        normal = glm::normalize(normal);
        const glm::vec3 p = glm::mix(limb.from, limb.to, random(0, 1)) + limb.radius * normal;
        // The rotation that takes z to the normal.
        const glm::vec4 q(1 + normal.z, -normal.y, normal.x, 0);
        const float opacity = random(-1, 4);
        for (int k = 0; k < 3; ++k) cloud.channel(SplatCloud::kPosition + k)[s] = p[k];
        for (int k = 0; k < 4; ++k) cloud.channel(SplatCloud::kRotation + k)[s] = q[k];
        for (int k = 0; k < 3; ++k)
            cloud.channel(SplatCloud::kScale + k)[s] =
                std::log(spacing * (k == 2 ? 0.25f : 0.9f)) + random(-0.6f, 0.6f);
        cloud.channel(SplatCloud::kOpacity)[s] = opacity;
        for (int c = SplatCloud::kSh; c < cloud.channels(); ++c)
            cloud.channel(c)[s] = c < SplatCloud::kSh + 3 ? random(-1.5f, 1.5f) : random(-0.2f, 0.2f);
    }
    return cloud;
}

/// From 3.3 units away; 384 pixels see 2.4 units.
Camera view(int index, int size) {
    const float angle = 0.9f * float(index);
    const glm::vec3 target(0, 0, 0.88f);
    return Camera::look_at(target + 3.3f * glm::vec3(std::cos(angle), std::sin(angle), 0.1f), target,
                           {0, 0, 1}, 2 * std::atan(0.5f * 384 / 527), size, size);
}

/// Of all threads together, waiting excluded.
double processor_ms() {
    return double(std::clock()) * 1e3 / CLOCKS_PER_SEC;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

json measure(std::size_t splats, int degree, int size, int iterations, double peak) {
    constexpr int kViews = 4;
    SplatCloud cloud = figure(splats, degree);
    std::vector<PlanarImage> truths;
    Rasteriser rasteriser;
    double covered = 0;
    for (int v = 0; v < kViews; ++v) {
        SplatCloud other = cloud;
        Random random;
        for (int c = SplatCloud::kSh; c < SplatCloud::kSh + 3; ++c)
            for (float& value : other.channel(c)) value += random(-0.3f, 0.3f);
        truths.push_back(rasteriser.forward(other, view(v, size), {}));
        for (const float a : rasteriser.alpha()) covered += a > 0.5f;
    }
    covered /= double(kViews) * size * size;
    // Too small to change the picture over the run.
    const std::vector<float> rates(std::size_t(cloud.channels()), 1e-6f);
    ImageLoss loss;
    Adam adam;
    PlanarImage d_image;
    SplatCloud gradients;
    std::vector<double> processor, forward, loss_ms, backward, adam_ms, whole, project, bin, blend,
        blend_back, project_back, pairs, entries;
    for (int i = -kViews; i < iterations; ++i) {
        const int v = (i + kViews) % kViews;
        const Camera camera = view(v, size);
        const double p0 = processor_ms(), t0 = now_ms();
        const PlanarImage& image = rasteriser.forward(cloud, camera, {});
        const double t1 = now_ms();
        loss(image, truths[std::size_t(v)], 0.2f, {}, d_image);
        const double t2 = now_ms();
        rasteriser.backward(d_image, {}, gradients);
        const double t3 = now_ms();
        adam.step(cloud, gradients, rates);
        const double t4 = now_ms(), p4 = processor_ms();
        if (i < 0) continue;
        const RasterProfile p = rasteriser.profile();
        forward.push_back(t1 - t0), loss_ms.push_back(t2 - t1), backward.push_back(t3 - t2);
        adam_ms.push_back(t4 - t3), whole.push_back(t4 - t0), processor.push_back(p4 - p0);
        project.push_back(p.project_ms), bin.push_back(p.bin_ms), blend.push_back(p.blend_ms);
        blend_back.push_back(p.blend_backward_ms), project_back.push_back(p.project_backward_ms);
        pairs.push_back(double(p.pairs)), entries.push_back(double(p.entries));
    }
    const double forward_gflop = median(pairs) * kForwardOperations * 1e-9;
    const double backward_gflop = median(pairs) * kBackwardOperations * 1e-9;
    const auto share = [&](double gflop, double ms) { return gflop / (ms * 1e-3) / peak; };
    const auto round3 = [](double x) { return std::round(x * 1000) / 1000; };
    // The median is what one waits for; the best is what is left of it on a busy machine.
    json ms, best;
    const std::pair<const char*, const std::vector<double>*> parts[] = {{"project", &project},
                                                                        {"bin", &bin},
                                                                        {"blend", &blend},
                                                                        {"loss", &loss_ms},
                                                                        {"blend_backward", &blend_back},
                                                                        {"project_backward", &project_back},
                                                                        {"adam", &adam_ms},
                                                                        {"forward", &forward},
                                                                        {"backward", &backward},
                                                                        {"whole", &whole}};
    for (const auto& [name, values] : parts) {
        ms[name] = round3(median(*values));
        best[name] = round3(*std::min_element(values->begin(), values->end()));
    }
    const double blend_best = *std::min_element(blend.begin(), blend.end());
    const double back_best = *std::min_element(blend_back.begin(), blend_back.end());
    return {{"splats", splats},
            {"sh_degree", degree},
            {"size", size},
            {"covered", round3(covered)},
            {"entries", median(entries)},
            {"pixel_splat_pairs", median(pairs)},
            {"ms", ms},
            {"best_ms", best},
            {"processor_ms", round3(median(processor))},
            {"blend_gflop", round3(forward_gflop)},
            {"blend_backward_gflop", round3(backward_gflop)},
            {"blend_share_of_peak", round3(share(forward_gflop, blend_best))},
            {"blend_backward_share_of_peak", round3(share(backward_gflop, back_best))}};
}

}  // namespace

int run(int argc, char** argv) {
    CLI::App app("Times of the cpu trainer's core, as JSON");
    std::size_t splats = 10000;
    int size = 384, degree = 1, iterations = 60;
    bool table = false;
    app.add_option("--splats", splats)->check(CLI::Range(1, 4000000));
    app.add_option("--size", size, "pixels a side")->check(CLI::Range(1, 8192));
    app.add_option("--degree", degree)->check(CLI::Range(0, kMaxShDegree));
    app.add_option("--iterations", iterations)->check(CLI::Range(1, 100000));
    app.add_flag("--table", table, "over splats, SH degrees and sizes");
    CLI11_PARSE(app, argc, argv);

    const double peak = measure_peak();
    json out = {{"target", HWY_DYNAMIC_DISPATCH(target_name)()},
                {"threads", thread_count()},
                {"peak_gflop_per_s", std::round(peak)}};
    if (table) {
        out["table"] = json::array();
        const int few = std::min(iterations, 12);
        for (const std::size_t n : {5000u, 10000u, 20000u, 50000u, 100000u, 200000u})
            for (int d = 0; d <= kMaxShDegree; ++d) out["table"].push_back(measure(n, d, 384, few, peak));
        for (const int s : {128, 256, 512, 768, 1024})
            out["table"].push_back(measure(10000, 1, s, few, peak));
        for (const int s : {512, 1024}) out["table"].push_back(measure(100000, 1, s, few, peak));
    } else {
        out["result"] = measure(splats, degree, size, iterations, peak);
    }
    std::puts(out.dump(2).c_str());
    return 0;
}

}  // namespace bench

int main(int argc, char** argv) {
    return bench::run(argc, argv);
}
#endif
