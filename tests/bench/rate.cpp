// bench_rate: what the search of steps finds on a model's first segment, whether it holds for the others, how
// the error of one quality differs between segments, and how quantiser and steps trade. JSON on stdout.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "encoder/pack/rate/atlas_trials.h"
#include "encoder/pack/take_segments.h"

using namespace volumen;

namespace {

double psnr(double error) {
    return -10 * std::log10(error);
}

/// The common scale of all steps at which the error is `error`, between 1/4 and 4.
StepScales at_error(AtlasTrials& trials, const Quality& quality, double error) {
    double low = -2, high = 2;  // log2
    for (int i = 0; i < 7; ++i) {
        const double middle = (low + high) / 2;
        (trials.run(tuned(quality, {coarser({}, middle)})).error < error ? low : high) = middle;
    }
    return coarser({}, (low + high) / 2);
}

/// Share of the bytes that `found` saves against the steps of the start, all coarser or finer alike, that
/// come to the same error.
double saved(AtlasTrials& trials, const Quality& quality, const Trial& found) {
    const StepScales same = at_error(trials, quality, found.error);
    const Trial below = trials.run(tuned(quality, {coarser(same, -0.1)}));
    const Trial above = trials.run(tuned(quality, {coarser(same, 0.1)}));
    const double share = std::log(found.error / below.error) / std::log(above.error / below.error);
    return 1 - found.bytes / (below.bytes * std::pow(above.bytes / below.bytes, share));
}

nlohmann::json measure(const std::filesystem::path& model, const std::string& codec, double quality, bool balance) {
    PackOptions options;
    options.codec = codec;
    const auto take = open_take_segments(model, options);
    std::uint32_t most = 0;
    for (std::size_t i = 0; i < take->segments.size(); ++i) most = std::max(most, take->splat_count(i));
    SegmentSettings settings;
    settings.codec = codec;
    settings.quality = quality_settings(quality);
    settings.sh_degree = take->sh_degree;
    settings.fps = take->take.fps;
    settings.atlas = fit_atlas(most, take->sh_degree, take->take.fps);
    const glm::vec3 size = take->take.bounds_max - take->take.bounds_min;
    settings.extent = std::max({size.x, size.y, size.z});
    const std::vector<int> classes =
        take->sh_degree ? std::vector<int>{0, 1, 2, 3, 4, 5, 6} : std::vector<int>{0, 1, 2, 3, 4, 6};

    const auto begin = std::chrono::steady_clock::now();
    AtlasTrials first(take->read(0), take->take, settings);
    const StepSearch found =
        search_steps([&](const StepTuning& t) { return first.run(tuned(settings.quality, t)); }, classes,
                     settings.quality.quantiser);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    nlohmann::json out = {{"quality", quality},
                          {"codec", codec},
                          {"saved", found.saved},
                          {"quantiser", settings.quality.quantiser},
                          {"quantiser_added", found.tuning.quantiser},
                          {"trials", found.trials},
                          {"frames_coded", first.frames_coded()},
                          {"seconds", seconds}};
    for (int c = 0; c < kStepClasses; ++c)
        out["steps"][kStepNames[c]] = std::exp2(found.tuning.scales[std::size_t(c)]);
    for (std::size_t i = 0; i < take->segments.size(); ++i) {
        AtlasTrials trials(take->read(i), take->take, settings);
        const Trial fixed = trials.run(settings.quality);
        const Trial searched = trials.run(tuned(settings.quality, found.tuning));
        out["segments"].push_back({{"fixed_bytes", fixed.bytes},
                                   {"fixed_psnr", psnr(fixed.error)},
                                   {"bytes", searched.bytes},
                                   {"psnr", psnr(searched.error)},
                                   {"saved", saved(trials, settings.quality, searched)}});
    }
    // Coarser levels with a finer quantiser, and the other way round, against the same quantiser throughout.
    for (const int k : balance ? std::vector<int>{-6, -3, 3, 6} : std::vector<int>{}) {
        SegmentSettings other = settings;
        other.quality.quantiser -= k;
        if (other.quality.quantiser < 2) continue;
        const StepScales same = at_error(first, other.quality, first.run(settings.quality).error);
        const Trial t = first.run(tuned(other.quality, {same}));
        out["quantiser_against_steps"].push_back({{"quantiser", other.quality.quantiser},
                                                  {"steps", std::exp2(same[0])},
                                                  {"saved", saved(first, settings.quality, t)}});
    }
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> models, codecs{"h264"};
    std::vector<double> qualities{75};
    CLI::App app("Measures the search of steps on models; JSON on stdout.");
    app.add_option("MODEL", models)->required();
    app.add_option("--codec", codecs)->delimiter(',');
    app.add_option("--quality", qualities)->delimiter(',');
    bool balance = false;
    app.add_flag("--balance", balance, "how quantiser and steps trade, too");
    CLI11_PARSE(app, argc, argv);
    nlohmann::json out = {{"benchmark", "rate"}, {"runs", nlohmann::json::array()}};
    for (const std::string& model : models)
        for (const std::string& codec : codecs)
            for (const double quality : qualities) {
                out["runs"].push_back(measure(model, codec, quality, balance));
                out["runs"].back()["model"] = model;
            }
    fmt::print("{}\n", out.dump(1));
}
