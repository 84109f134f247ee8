#include "encoder/pack/codebook/splat_history.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/core/error.h"
#include "formats/core/parallel.h"

namespace volumen {
namespace {

constexpr std::size_t kGrain = 64;

}  // namespace

SplatHistory sh_history(std::span<const SplatCloud> frames, int degree,
                        const std::function<float(const SplatCloud&, std::size_t)>& weight) {
    for (const SplatCloud& cloud : frames)
        if (cloud.count != frames[0].count || cloud.sh_degree != frames[0].sh_degree ||
            cloud.sh_degree < degree)
            throw InputError("a frame of {} splats, SH {}, in a segment of {}: degree {} is wanted of all",
                             cloud.count, cloud.sh_degree, frames[0].count, degree);
    const std::size_t first = std::size_t(degree * degree) * 3;
    SplatHistory out;
    out.frames = int(frames.size()), out.dimensions = 3 * (2 * degree + 1);
    const std::size_t splats = frames.empty() ? 0 : frames[0].count, dimensions = std::size_t(out.dimensions);
    out.values.resize(splats * frames.size() * dimensions);
    out.weights.resize(splats * frames.size());
    parallel_for(splats, kGrain, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t f = 0; f < frames.size(); ++f) {
            for (std::size_t c = 0; c < dimensions; ++c) {
                const std::span<const float> channel = frames[f].channel(int(SplatCloud::kSh + first + c));
                for (std::size_t i = begin; i < end; ++i)
                    out.values[(i * frames.size() + f) * dimensions + c] = channel[i];
            }
            for (std::size_t i = begin; i < end; ++i)
                out.weights[i * frames.size() + f] = weight(frames[f], i);
        }
    });
    return out;
}

float opacity_times_area(const SplatCloud& cloud, std::size_t splat) {
    float sum = 0, least = std::numeric_limits<float>::infinity();
    for (int axis = 0; axis < 3; ++axis) {
        const float scale = cloud.channel(SplatCloud::kScale + axis)[splat];
        sum += scale, least = std::min(least, scale);
    }
    return std::exp(sum - least) / (1 + std::exp(-cloud.channel(SplatCloud::kOpacity)[splat]));
}

}  // namespace volumen
