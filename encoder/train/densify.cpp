#include "encoder/train/densify.h"

#include <algorithm>
#include <cmath>

#include "encoder/train/photometric.h"
#include "encoder/train/quaternion.h"

namespace volumen::train {
namespace {

constexpr float kSplitShrink = 1.6f;  ///< children of a split are this much smaller (3DGS)

float sigmoid(float x) {
    return 1 / (1 + std::exp(-x));
}

float largest_axis(const SplatCloud& cloud, std::size_t i) {
    return std::exp(std::max({cloud.channel(SplatCloud::kScale)[i], cloud.channel(SplatCloud::kScale + 1)[i],
                              cloud.channel(SplatCloud::kScale + 2)[i]}));
}

/// The opacity logit of each of two copies that together are as opaque as one.
float halved_opacity(float logit) {
    const float each = std::clamp(1 - std::sqrt(1 - sigmoid(logit)), 1e-4f, 0.9999f);
    return std::log(each / (1 - each));
}

/// A random place inside splat i.
glm::vec3 sample(const SplatCloud& cloud, std::size_t i, std::mt19937_64& random) {
    glm::vec3 local;
    for (int a = 0; a < 3; ++a)
        local[a] = normal(random) * std::exp(cloud.channel(SplatCloud::kScale + a)[i]);
    return position(cloud, i) + rotation_matrix(rotation(cloud, i)) * local;
}

}  // namespace

void Densifier::observe(const Rasteriser& rasteriser) {
    const std::span<const float> radii = rasteriser.radii(), gradients = rasteriser.screen_gradients();
    pull_.resize(radii.size(), 0);
    seen_.resize(radii.size(), 0);
    for (std::size_t i = 0; i < radii.size(); ++i) {
        if (radii[i] <= 0) continue;
        pull_[i] += gradients[i];
        ++seen_[i];
    }
}

void Densifier::run(SplatCloud& cloud, Adam& adam, const Settings& settings, std::mt19937_64& random) {
    pull_.resize(cloud.count, 0);
    seen_.resize(cloud.count, 0);
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const bool faint = sigmoid(cloud.channel(SplatCloud::kOpacity)[i]) < settings.opacity_floor;
        const bool doomed = !settings.doomed.empty() && settings.doomed[i];
        if (!faint && !doomed && largest_axis(cloud, i) < settings.prune_above * settings.extent)
            kept.push_back(i);
    }
    const std::size_t room = settings.budget > kept.size() ? settings.budget - kept.size() : 0;
    const std::size_t wanted = std::min(room, std::size_t(settings.growth * float(kept.size())));
    std::vector<std::size_t> pulled;
    for (const std::size_t i : kept)
        if (seen_[i] > 0) pulled.push_back(i);
    const auto mean_pull = [&](std::size_t i) { return pull_[i] / float(seen_[i]); };
    const std::size_t grown = std::min(wanted, pulled.size());
    std::partial_sort(pulled.begin(), pulled.begin() + std::ptrdiff_t(grown), pulled.end(),
                      [&](std::size_t a, std::size_t b) {
                          return mean_pull(a) != mean_pull(b) ? mean_pull(a) > mean_pull(b) : a < b;
                      });
    pulled.resize(grown);

    // Old splats first, each new one behind them; a splat that splits has its first child in its own place.
    std::vector<std::size_t> source = kept, moments = kept;
    source.insert(source.end(), pulled.begin(), pulled.end());
    moments.resize(source.size(), Adam::kNew);
    SplatCloud next = gather(cloud, source);
    std::vector<std::size_t> place(cloud.count);
    for (std::size_t k = 0; k < kept.size(); ++k) place[kept[k]] = k;
    for (std::size_t n = 0; n < pulled.size(); ++n) {
        const std::size_t parent = pulled[n];
        const bool split = largest_axis(cloud, parent) > settings.split_above * settings.extent;
        for (const std::size_t child : {place[parent], kept.size() + n}) {
            next.channel(SplatCloud::kOpacity)[child] =
                halved_opacity(cloud.channel(SplatCloud::kOpacity)[parent]);
            if (!split) continue;
            const glm::vec3 p = sample(cloud, parent, random);
            for (int a = 0; a < 3; ++a) {
                next.channel(SplatCloud::kPosition + a)[child] = p[a];
                next.channel(SplatCloud::kScale + a)[child] -= std::log(kSplitShrink);
            }
            moments[child] = Adam::kNew;
        }
    }
    cloud = std::move(next);
    adam.remap(moments);
    pull_.assign(cloud.count, 0);
    seen_.assign(cloud.count, 0);
}

}  // namespace volumen::train
