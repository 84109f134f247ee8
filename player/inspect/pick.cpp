#include "player/inspect/pick.h"

#include <algorithm>
#include <cmath>
#include <glm/gtc/quaternion.hpp>
#include <limits>
#include <mutex>

#include "formats/core/parallel.h"
#include "formats/splats/quaternion.h"
#include "shaders/shared.h"

namespace volumen {
namespace {

constexpr std::size_t kGrain = 4096;

}  // namespace

double Ellipse::alpha(glm::dvec2 point) const {
    const glm::dvec2 d = point - mean;
    const double q = (yy * d.x * d.x - 2 * xy * d.x * d.y + xx * d.y * d.y) / (xx * yy - xy * xy);
    return std::min(opacity * std::exp(-0.5 * q), double(gpu::kMaxAlpha));
}

std::optional<Ellipse> project_splat(const SplatCloud& cloud, std::size_t splat, const Camera& camera,
                                     const RenderSettings& settings) {
    const auto at = [&](int channel) { return double(cloud.channel(channel)[splat]); };
    const glm::dmat3 view{camera.rotation};
    const glm::dvec3 p = view * glm::dvec3(position(cloud, splat)) + glm::dvec3(camera.translation);
    if (!(p.z >= double(gpu::kNear))) return std::nullopt;
    const glm::dvec2 focal{camera.fx, camera.fy}, principal{camera.cx, camera.cy};
    const glm::dvec2 size{camera.width, camera.height}, tangent = glm::dvec2(p) / p.z;
    const glm::dvec2 margin = double(gpu::kFrustumMargin) * size;
    const glm::dvec2 clamped =
        glm::clamp(tangent, (-principal - margin) / focal, (size - principal + margin) / focal);

    glm::dmat3 axes = view * glm::mat3_cast(glm::normalize(glm::dquat(at(3), at(4), at(5), at(6))));
    for (int k = 0; k < 3; ++k) axes[k] *= std::exp(at(SplatCloud::kScale + k));
    const glm::dmat3 rows = glm::transpose(axes);  // columns: camera x, y, z of the three axes
    const glm::dvec3 u = focal.x / p.z * (rows[0] - clamped.x * rows[2]);
    const glm::dvec3 v = focal.y / p.z * (rows[1] - clamped.y * rows[2]);
    Ellipse out{.mean = focal * tangent + principal,
                .xx = glm::dot(u, u) + double(settings.dilation),
                .xy = glm::dot(u, v),
                .yy = glm::dot(v, v) + double(settings.dilation),
                .key = settings.order == Order::depth ? p.z : glm::length(p),
                .opacity = 1 / (1 + std::exp(-at(SplatCloud::kOpacity)))};
    if (!(out.opacity >= double(gpu::kMinAlpha))) return std::nullopt;
    const glm::dvec3 normal = glm::cross(u, v);
    const double determinant = out.xx * out.yy - out.xy * out.xy;
    if (!(determinant > 0) || !std::isfinite(determinant)) return std::nullopt;
    if (settings.compensate) out.opacity *= std::sqrt(glm::dot(normal, normal) / determinant);
    return out;
}

std::vector<Hit> splats_at(const SplatCloud& cloud, const Camera& camera, const RenderSettings& settings,
                           glm::dvec2 point) {
    std::vector<Hit> hits;
    std::mutex mutex;
    parallel_for(cloud.count, kGrain, [&](std::size_t begin, std::size_t end, int) {
        std::vector<Hit> found;
        for (std::size_t i = begin; i < end; ++i) {
            const std::optional<Ellipse> ellipse = project_splat(cloud, i, camera, settings);
            if (!ellipse) continue;
            const double alpha = ellipse->alpha(point);
            if (alpha >= double(gpu::kMinAlpha)) found.push_back({std::uint32_t(i), ellipse->key, alpha, 0});
        }
        const std::lock_guard lock(mutex);
        hits.insert(hits.end(), found.begin(), found.end());
    });
    std::ranges::sort(
        hits, [](const Hit& a, const Hit& b) { return a.key != b.key ? a.key < b.key : a.splat < b.splat; });
    double left = 1;
    std::size_t shown = 0;
    for (; shown < hits.size(); ++shown) {
        Hit& hit = hits[shown];
        if (left * (1 - hit.alpha) < double(gpu::kMinTransmittance))
            break;  // it and what lies behind is hidden
        hit.share = hit.alpha * left;
        left *= 1 - hit.alpha;
    }
    hits.resize(shown);
    return hits;
}

std::vector<std::uint32_t> neighbours_of(const SplatCloud& cloud, std::size_t splat, std::size_t count) {
    const glm::dvec3 centre = glm::dvec3(position(cloud, splat));
    const auto squared_distance = [&](std::uint32_t i) {
        const glm::dvec3 d = glm::dvec3(position(cloud, i)) - centre;
        const double squared = glm::dot(d, d);
        return std::isnan(squared) ? std::numeric_limits<double>::infinity() : squared;
    };
    std::vector<std::pair<double, std::uint32_t>> others;
    others.reserve(cloud.count);
    for (std::size_t i = 0; i < cloud.count; ++i)
        if (i != splat) others.emplace_back(squared_distance(std::uint32_t(i)), std::uint32_t(i));
    count = std::min(count, others.size());
    std::ranges::partial_sort(others, others.begin() + std::ptrdiff_t(count));
    std::vector<std::uint32_t> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(others[i].second);
    return out;
}

}  // namespace volumen
