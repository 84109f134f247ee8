#include "encoder/pack/rate/step_search.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "encoder/pack/pack.h"
#include "encoder/pack/rate/atlas_steps.h"
#include "formats/stream/reader.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/formats/media/temporary_folder.h"
#include "tests/formats/stream/stream_files.h"

using namespace volumen;

namespace {

const std::vector<int> kAllClasses{0, 1, 2, 3, 4, 5, 6};

/// Coarse enough that the quantiser errs more than rounding to levels.
constexpr double kSkewedQuality = 40;

/// Classes whose errors grow as the square of their steps and whose bytes fall with the logarithm, weighed
/// unlike each other; and what chance adds.
struct Model {
    std::array<double, kStepClasses> error{1, 1, 1, 1, 1, 1, 0.1};
    std::array<double, kStepClasses> bytes{1, 1, 1, 1, 1, 1, 0.3};
    double noise = 0;
    int trials = 0;
    std::mt19937 random{7};

    Trial operator()(const StepTuning& tuning) {
        ++trials;
        std::normal_distribution<double> normal(0, noise);
        Trial out;
        for (std::size_t c = 0; c < kStepClasses; ++c) {
            out.error += error[c] * std::exp2(2 * tuning.scales[c] + tuning.quantiser / 3.0);
            out.bytes += bytes[c] * (8 - tuning.scales[c] - tuning.quantiser / 6.0);
        }
        if (noise > 0) out.error *= std::exp(normal(random)), out.bytes *= std::exp(normal(random) / 3);
        return out;
    }
};

StepSearch search(Model& model, int quantiser = 10) {
    return search_steps([&](const StepTuning& t) { return model(t); }, kAllClasses, quantiser);
}

/// A take of round, soft splats that turn about themselves, which nobody sees, and whose places tremble less
/// than shows: fine levels for rotations and places are wasted.
SplatCloud skewed(SplatCloud cloud, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        for (int a = 0; a < 3; ++a) cloud.channel(SplatCloud::kScale + a)[i] = -3.0f;
        for (int a = 0; a < 3; ++a) cloud.channel(SplatCloud::kPosition + a)[i] += 0.001f * normal(random);
        for (int a = 0; a < 4; ++a) cloud.channel(SplatCloud::kRotation + a)[i] += 0.1f * normal(random);
    }
    return cloud;
}

void write_skewed_model(const std::filesystem::path& folder, std::size_t count, int frames) {
    write_synthetic_model(folder, count, 1, {frames}, 3);
    for (int f = 0; f < frames; ++f)
        write_ply(model_frame_path(folder, f), skewed(synthetic_cloud(count, 1, f, 4), unsigned(f)));
}

}  // namespace

TEST_CASE("search_steps leaves what is balanced, and moves what is not towards balance") {
    Model balanced;
    const StepSearch same = search(balanced);
    CHECK(same.saved == 0);
    CHECK(same.tuning.scales == StepScales{});
    CHECK(same.tuning.quantiser == 0);
    CHECK(same.trials == balanced.trials);

    Model skewed;
    skewed.error[2] = 16, skewed.error[3] = 1.0 / 64;  // two octaves too coarse, three too fine
    const StepSearch found = search(skewed);
    CHECK(found.saved > 0.02);
    CHECK(found.trials <= kMostTrials);
    CHECK(found.tuning.scales[2] < found.tuning.scales[0]);
    CHECK(found.tuning.scales[3] > found.tuning.scales[0]);
    // What it promises holds: the error of the start, fewer bytes.
    const Trial start = skewed({}), end = skewed(found.tuning);
    CHECK(end.error == doctest::Approx(start.error).epsilon(0.05));
    CHECK(end.bytes < start.bytes);
}

TEST_CASE("search_steps does not take chance for a gain") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        Model noisy;
        noisy.noise = 0.005;
        noisy.random.seed(seed);
        const StepSearch found = search(noisy);
        Model exact;
        const Trial start = exact({}), end = exact(found.tuning);
        // At most 2 % more bytes at the same error: a third of a level of all classes a factor of 2 in error.
        const double bytes_a_factor = kStepClasses / 2.0 / start.bytes;
        CHECK(end.bytes / start.bytes - 1 + std::log2(end.error / start.error) * bytes_a_factor < 0.02);
    }
}

TEST_CASE("search_steps gives up where nothing can be weighed") {
    int trials = 0;
    const auto nothing = [&](const StepTuning&) {
        ++trials;
        return Trial{1000, 0};
    };
    CHECK(search_steps(nothing, kAllClasses, 10).saved == 0);
    CHECK(trials <= 3);
}

TEST_CASE("what the search promises on a skewed take, coding keeps" * doctest::test_suite("measures")) {
    std::vector<SplatCloud> frames;
    for (int f = 0; f < 6; ++f) frames.push_back(skewed(synthetic_cloud(5000, 1, f, 4), unsigned(f)));
    SegmentSettings settings;
    settings.codec = "h264";
    settings.quality = quality_settings(kSkewedQuality);
    settings.sh_degree = 1;
    settings.atlas = fit_atlas(5000, 1, {30, 1});
    settings.extent = 1.8f;
    TakeInfo take;
    take.bounds_min = {-0.7f, -0.5f, 0}, take.bounds_max = {0.7f, 0.5f, 1.8f};
    AtlasTrials trials(frames, take, settings);
    const StepSearch found =
        search_steps([&](const StepTuning& t) { return trials.run(tuned(settings.quality, t)); }, kAllClasses,
                     settings.quality.quantiser);
    const Trial start = trials.run(settings.quality), end = trials.run(tuned(settings.quality, found.tuning));
    MESSAGE(found.saved << " of " << start.bytes << " bytes at " << start.error << ": " << end.bytes << " at "
                        << end.error);
    CHECK(end.error < 1.15 * start.error);
    CHECK(end.bytes < 0.97 * start.bytes);
}

TEST_CASE("the steps found save bytes on a skewed take, and are the same again" *
          doctest::test_suite("measures")) {
    const TemporaryFolder folder;
    write_skewed_model(folder / "model", 5000, 6);
    std::vector<std::string> told;
    PackOptions options;
    options.quality = kSkewedQuality;
    options.tell = [&](const std::string& line) { told.push_back(line); };
    const PackResult result = pack(folder / "model", folder / "a", options);
    REQUIRE(told.size() == 1);
    MESSAGE(told[0]);
    CHECK(told[0].find("fewer bytes") != std::string::npos);
    CHECK(result.frames_coded <= 6 * (1 + kMostTrials));
    pack(folder / "model", folder / "b", options);
    CHECK(told[0] == told[1]);
    for (const char* name : {"manifest.mpd", "side.vol", "atlas.mp4"})
        CHECK(read_bytes(folder / "a" / name) == read_bytes(folder / "b" / name));
}
