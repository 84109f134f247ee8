#include "encoder/train/dual/timeline.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

constexpr std::size_t kGrain = 1024;
constexpr float kBeta1 = 0.9f, kBeta2 = 0.999f, kEpsilon = 1e-15f;  ///< as Adam's

}  // namespace

/// Runs from the lists of changes: in the order of frames, then of splats.
void Timeline::Track::number_runs(std::size_t splats) {
    std::vector<std::uint32_t> now(splats);
    std::iota(now.begin(), now.end(), 0u);
    runs.assign(1, now);
    std::uint32_t next = std::uint32_t(splats);
    for (const std::vector<std::uint32_t>& frame : changed) {
        for (const std::uint32_t i : frame) now[i] = next++;
        runs.push_back(now);
    }
}

void Timeline::begin(const SplatCloud& first) {
    splats_ = first.count, sh_degree_ = first.sh_degree, frames_ = 1;
    tracks_.clear();
    for (const Attribute& attribute : looks(sh_degree_)) {
        Track track{attribute, {}, {}, {}, {}, {}, {}};
        track.number_runs(splats_);
        for (std::size_t i = 0; i < splats_; ++i)
            for (int c = 0; c < attribute.width; ++c)
                track.values.push_back(first.channel(attribute.channel + c)[i]);
        tracks_.push_back(std::move(track));
    }
}

void Timeline::add(const SplatCloud& cloud) {
    ++frames_;
    for (Track& track : tracks_) {
        const Attribute& attribute = track.attribute;
        const std::size_t width = std::size_t(attribute.width);
        std::vector<std::uint32_t> now = track.runs.back(), changed;
        for (std::size_t i = 0; i < splats_; ++i) {
            const auto at = track.values.begin() + std::ptrdiff_t(now[i] * width);
            bool same = true;
            for (std::size_t c = 0; c < width; ++c)
                same = same && at[std::ptrdiff_t(c)] == cloud.channel(attribute.channel + int(c))[i];
            if (same) continue;
            changed.push_back(std::uint32_t(i));
            now[i] = std::uint32_t(track.values.size() / width);
            for (std::size_t c = 0; c < width; ++c)
                track.values.push_back(cloud.channel(attribute.channel + int(c))[i]);
        }
        track.changed.push_back(std::move(changed));
        track.runs.push_back(std::move(now));
    }
}

void Timeline::read(int frame, SplatCloud& cloud) const {
    for (const Track& track : tracks_) {
        const std::size_t width = std::size_t(track.attribute.width);
        const std::vector<std::uint32_t>& runs = track.runs[std::size_t(frame)];
        for (std::size_t c = 0; c < width; ++c) {
            const std::span<float> to = cloud.channel(track.attribute.channel + int(c));
            for (std::size_t i = 0; i < splats_; ++i) to[i] = track.values[runs[i] * width + c];
        }
    }
}

void Timeline::forget() {
    for (Track& track : tracks_) {
        track.first.assign(track.values.size(), 0);
        track.second.assign(track.values.size(), 0);
        track.steps.assign(track.values.size() / std::size_t(track.attribute.width), 0);
    }
}

void Timeline::step(int frame, const SplatCloud& gradients, std::span<const float> rates) {
    for (Track& track : tracks_) {
        const std::size_t width = std::size_t(track.attribute.width);
        const std::vector<std::uint32_t>& runs = track.runs[std::size_t(frame)];
        parallel_for(splats_, kGrain, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t i = begin; i < end; ++i) {
                const std::uint32_t run = runs[i];
                const float steps = float(++track.steps[run]);
                const float bias1 = 1 - std::pow(kBeta1, steps), bias2 = 1 - std::pow(kBeta2, steps);
                for (std::size_t c = 0; c < width; ++c) {
                    const int channel = track.attribute.channel + int(c);
                    const std::size_t k = run * width + c;
                    const float gradient = gradients.channel(channel)[i];
                    float &m = track.first[k], &v = track.second[k];
                    m += (1 - kBeta1) * (gradient - m);
                    v += (1 - kBeta2) * (gradient * gradient - v);
                    track.values[k] -=
                        rates[std::size_t(channel)] * (m / bias1) / (std::sqrt(v / bias2) + kEpsilon);
                }
            }
        });
    }
}

std::size_t Timeline::Track::all_changes() const {
    std::size_t sum = 0;
    for (const std::vector<std::uint32_t>& frame : changed) sum += frame.size();
    return sum;
}

float Timeline::Track::importance(std::uint32_t before, std::uint32_t after) const {
    const auto unbias = [&](std::uint32_t run) {
        return steps[run] ? 1 / (1 - std::pow(kBeta2, float(steps[run]))) : 0;
    };
    float sum = 0;
    for (std::size_t c = 0; c < std::size_t(attribute.width); ++c) {
        const std::size_t a = before * std::size_t(attribute.width) + c,
                          b = after * std::size_t(attribute.width) + c;
        sum += std::abs(values[b] - values[a]) *
               std::sqrt(0.5f * (second[a] * unbias(before) + second[b] * unbias(after)));
    }
    return sum;
}

/// `dropped`: one a change, in the order of frames, then of splats.
void Timeline::Track::drop_changes(const std::vector<char>& dropped, std::size_t splats) {
    const std::size_t width = std::size_t(attribute.width);
    std::vector<float> frames_of(values.size() / width, 0);
    for (const std::vector<std::uint32_t>& frame : runs)
        for (const std::uint32_t run : frame) ++frames_of[run];
    std::vector<float> sums, weights;
    std::vector<std::uint32_t> now(splats);
    const auto add = [&](std::uint32_t to, std::uint32_t run) {
        weights[to] += frames_of[run];
        for (std::size_t c = 0; c < width; ++c)
            sums[to * width + c] += frames_of[run] * values[run * width + c];
    };
    const auto begin_run = [&](std::uint32_t splat) {
        now[splat] = std::uint32_t(weights.size());
        weights.push_back(0), sums.resize(sums.size() + width, 0);
    };
    for (std::uint32_t i = 0; i < splats; ++i) begin_run(i), add(now[i], i);
    std::size_t change = 0;
    for (std::size_t f = 0; f < changed.size(); ++f) {
        std::vector<std::uint32_t> kept;
        for (const std::uint32_t i : changed[f]) {
            if (!dropped[change++]) kept.push_back(i), begin_run(i);
            add(now[i], runs[f + 1][i]);
        }
        changed[f] = std::move(kept);
    }
    for (std::size_t run = 0; run < weights.size(); ++run)
        for (std::size_t c = 0; c < width; ++c) sums[run * width + c] /= weights[run];
    values = std::move(sums);
    number_runs(splats);
}

float Timeline::changes(std::size_t attribute) const {
    return frames_ < 2
               ? 0
               : float(double(tracks_[attribute].all_changes()) / double(splats_) / double(frames_ - 1));
}

void Timeline::join(float share) {
    const std::size_t allowed = std::size_t(double(share) * double(splats_) * double(frames_ - 1));
    for (Track& track : tracks_) {
        const std::size_t all = track.all_changes();
        if (all <= allowed) continue;
        std::vector<float> importance;
        for (std::size_t f = 0; f < track.changed.size(); ++f)
            for (const std::uint32_t i : track.changed[f])
                importance.push_back(track.importance(track.runs[f][i], track.runs[f + 1][i]));
        std::vector<std::size_t> order(all);
        std::iota(order.begin(), order.end(), std::size_t(0));
        std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
            return importance[a] != importance[b] ? importance[a] < importance[b] : a < b;
        });
        std::vector<char> dropped(all, 0);
        for (std::size_t k = 0; k < all - allowed; ++k) dropped[order[k]] = 1;
        track.drop_changes(dropped, splats_);
    }
    forget();
}

void Timeline::fields(Archive& archive) {
    int splats = int(splats_);
    archive(splats), archive(sh_degree_), archive(frames_);
    splats_ = std::size_t(splats);
    if (tracks_.empty())
        for (const Attribute& attribute : looks(std::clamp(sh_degree_, 0, kMaxShDegree)))
            tracks_.push_back({attribute, {}, {}, {}, {}, {}, {}});
    for (Track& track : tracks_) archive(track.changed), archive(track.values);
}

bool Timeline::adopt(std::size_t splats, int sh_degree, int frames) {
    if (splats_ != splats || sh_degree_ != sh_degree || frames_ != frames) return false;
    for (Track& track : tracks_) {
        std::size_t runs = splats;
        if (track.changed.size() + 1 != std::size_t(frames)) return false;
        for (const std::vector<std::uint32_t>& changed : track.changed) {
            runs += changed.size();
            for (std::size_t k = 0; k < changed.size(); ++k)
                if (changed[k] >= splats || (k > 0 && changed[k] <= changed[k - 1])) return false;
        }
        if (track.values.size() != runs * std::size_t(track.attribute.width)) return false;
        track.number_runs(splats);
    }
    return true;
}

}  // namespace volumen::train
