#include "encoder/pack/rate/atlas_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace volumen {

namespace {

/// Segments that are tried: the first, the last, and one between.
constexpr std::size_t kTriedSegments = 3;

std::vector<int> classes_of(int sh_degree) {
    std::vector<int> out;
    for (int c = 0; c < kStepClasses; ++c)
        if (sh_degree > 0 || c != kStepDetail) out.push_back(c);
    return out;
}

}  // namespace

AtlasTrials& AtlasSteps::trials(std::size_t segment) {
    for (Tried& t : tried_)
        if (t.segment == segment) return t.trials;
    tried_.push_back({segment, AtlasTrials(take_.read(segment), take_.take, settings_)});
    return tried_.back().trials;
}

int AtlasSteps::frames_coded() const {
    int sum = 0;
    for (const Tried& t : tried_) sum += t.trials.frames_coded();
    return sum;
}

std::vector<double> AtlasSteps::estimate(const Quality& quality) {
    const std::size_t count = take_.segments.size(), tried = std::min(count, kTriedSegments);
    // A frame's bytes differ less between segments than a segment's.
    struct Known {
        double at, bytes_a_frame;
    };
    std::vector<Known> known;
    for (std::size_t i = 0; i < tried; ++i) {
        const std::size_t segment = tried == 1 ? 0 : i * (count - 1) / (tried - 1);
        known.push_back(
            {double(segment), trials(segment).bytes(quality) / take_.segments[segment].frame_count});
    }
    std::vector<double> out(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t k = 0;
        while (k + 2 < known.size() && double(i) > known[k + 1].at) ++k;
        const Known& a = known[k];
        const Known& b = known[std::min(k + 1, known.size() - 1)];
        const double share = b.at > a.at ? (double(i) - a.at) / (b.at - a.at) : 0;
        out[i] = std::lerp(a.bytes_a_frame, b.bytes_a_frame, share) * take_.segments[i].frame_count;
    }
    return out;
}

StepSearch AtlasSteps::search(const Quality& quality) {
    AtlasTrials& first = trials(0);
    return search_steps([&](const StepTuning& tuning) { return first.run(tuned(quality, tuning)); },
                        classes_of(take_.sh_degree), quality.quantiser);
}

std::string describe(const StepSearch& search) {
    std::string out = "steps:";
    for (std::size_t c = 0; c < kStepClasses; ++c)
        out += fmt::format(" {} ×{:.2f},", kStepNames[c], std::exp2(search.tuning.scales[c]));
    return out + fmt::format(" quantiser {:+}: {:.1f} % fewer bytes at the same error",
                             search.tuning.quantiser, 100 * search.saved);
}

}  // namespace volumen
