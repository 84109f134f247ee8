#include "encoder/pack/rate/rendered_error.h"

#include <algorithm>
#include <cmath>

namespace volumen {

namespace {

/// Pixels a side: about the size at which a performer stands in a player's window, at a quarter of the work.
constexpr int kSide = 288;
/// Around the take; a frame is seen by every kFrameTurns-th of them.
constexpr int kRing = 12;
constexpr int kFrameTurns = 3;
/// The ring's views look down, or up, by one of these after the other, radians.
constexpr float kElevations[] = {0.05f, 0.45f, 0.15f, -0.15f};
constexpr float kFieldOfView = 0.7f;

glm::vec3 across(glm::vec3 up) {
    return glm::normalize(glm::cross(up, std::abs(up.x) < 0.9f ? glm::vec3(1, 0, 0) : glm::vec3(0, 1, 0)));
}

std::vector<Camera> ring(const TakeInfo& take) {
    const glm::vec3 centre = 0.5f * (take.bounds_min + take.bounds_max);
    const float radius = std::max(0.5f * glm::length(take.bounds_max - take.bounds_min), 1e-3f);
    const float distance = radius / std::sin(0.5f * kFieldOfView);
    const glm::vec3 x = across(take.up), y = glm::cross(take.up, x);
    std::vector<Camera> out;
    for (int i = 0; i < kRing; ++i) {
        const float azimuth = 6.2831853f * float(i) / kRing;
        const float elevation = kElevations[std::size_t(i) % std::size(kElevations)];
        const glm::vec3 direction = std::cos(elevation) * (std::cos(azimuth) * x + std::sin(azimuth) * y) +
                                    std::sin(elevation) * take.up;
        out.push_back(
            Camera::look_at(centre + distance * direction, centre, take.up, kFieldOfView, kSide, kSide));
    }
    return out;
}

}  // namespace

RenderedError::RenderedError(const TakeInfo& take, std::span<const SplatCloud> frames) {
    settings_.background = take.background;
    const std::vector<Camera> around = ring(take);
    const Camera default_view =
        Camera::look_at(take.view_eye, take.view_target, take.up, take.view_fov, kSide, kSide);
    for (std::size_t f = 0; f < frames.size(); ++f) {
        for (std::size_t v = f % kFrameTurns; v < around.size(); v += kFrameTurns)
            views_.push_back({f, around[v], {}});
        views_.push_back({f, default_view, {}});
    }
    for (View& view : views_) view.image = rasteriser_.forward(frames[view.frame], view.camera, settings_);
}

double RenderedError::of(std::span<const SplatCloud> frames) {
    double squares = 0, samples = 0;
    for (const View& view : views_) {
        const PlanarImage& image = rasteriser_.forward(frames[view.frame], view.camera, settings_);
        for (std::size_t i = 0; i < image.values.size(); ++i) {
            const double d = double(image.values[i]) - view.image.values[i];
            squares += d * d;
        }
        samples += double(image.values.size());
    }
    return squares / samples;
}

}  // namespace volumen
