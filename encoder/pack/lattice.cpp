#include "encoder/pack/lattice.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace volumen {
namespace {

/// So many values are looked at to find the lattice, and as many others to believe it.
constexpr std::size_t kSamples = 20'000;
/// Two values this share of a step apart are the same: conversions to logits and back err less.
constexpr float kSame = 0.02f;
/// A place with so many times fewer values than others have is not one of the lattice's.
constexpr std::size_t kFew = 5;
/// The share of values that lie on the lattice. Turned axes bring a few from others.
constexpr double kOnIt = 0.97;

std::vector<float> sample(const std::vector<std::vector<float>>& values) {
    std::size_t total = 0;
    for (const auto& frame : values) total += frame.size();
    const std::size_t step = std::max<std::size_t>(1, total / kSamples);
    std::vector<float> out;
    std::size_t next = 0, begin = 0;
    for (const auto& frame : values) {
        for (; next < begin + frame.size(); next += step) out.push_back(frame[next - begin]);
        begin += frame.size();
    }
    return out;
}

}  // namespace

std::optional<Lattice> find_lattice(const std::vector<std::vector<float>>& values, int levels, float low,
                                    float high) {
    std::vector<float> sorted = sample(values);
    std::erase_if(sorted, [&](float v) { return !(v > low && v < high); });
    if (sorted.empty()) return {};
    std::sort(sorted.begin(), sorted.end());
    const float range = sorted.back() - sorted.front();
    if (!(range > 0)) return {};
    // Where values crowd at few places the middle one of the gaps between places is the step.
    struct Place {
        float at;
        std::size_t count;
    };
    std::vector<Place> places;
    const float apart = kSame * range / float(levels);
    for (const float v : sorted) {
        if (places.empty() || v - places.back().at > apart)
            places.push_back({v, 1});
        else
            ++places.back().count;
    }
    // Strays make places of their own, with few values each.
    std::vector<std::size_t> counts;
    for (const Place& p : places) counts.push_back(p.count);
    const auto upper_quartile = counts.begin() + std::ptrdiff_t(counts.size() * 3 / 4);
    std::nth_element(counts.begin(), upper_quartile, counts.end());
    const std::size_t few = std::max<std::size_t>(1, *upper_quartile / kFew);
    std::erase_if(places, [&](const Place& p) { return p.count <= few; });
    if (places.size() < 3 || places.size() > std::size_t(levels)) return {};
    std::vector<float> gaps;
    for (std::size_t i = 1; i < places.size(); ++i) gaps.push_back(places[i].at - places[i - 1].at);
    std::nth_element(gaps.begin(), gaps.begin() + std::ptrdiff_t(gaps.size() / 2), gaps.end());
    Lattice out{places[places.size() / 2].at, gaps[gaps.size() / 2]};
    // Finer, from place to place towards the ends, so that no whole step is lost.
    for (std::size_t reach = 1; reach < places.size(); reach *= 2) {
        const Place& lower = places[places.size() / 2 - std::min(reach, places.size() / 2)];
        const Place& upper = places[std::min(places.size() / 2 + reach, places.size() - 1)];
        const float steps = std::round((upper.at - lower.at) / out.step);
        if (steps >= 1) out.step = (upper.at - lower.at) / steps;
    }
    std::size_t on_it = 0;
    for (const float v : sorted) {
        const float k = (v - out.origin) / out.step;
        on_it += std::abs(k - std::round(k)) <= kSame;
    }
    if (double(on_it) < kOnIt * double(sorted.size())) return {};
    return out;
}

}  // namespace volumen
