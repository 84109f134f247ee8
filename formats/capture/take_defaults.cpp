// What a capture's cameras say about the take.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "formats/capture/capture_state.h"

namespace volumen {
namespace {

/// An up direction nearer to an axis than this is the axis: rigs are seldom levelled better.
constexpr double kSnapCosine = 0.985;  // 10 degrees

glm::vec3 mean_up(const std::vector<CaptureView>& views) {
    glm::dvec3 sum(0);
    for (const CaptureView& view : views) {
        const glm::mat3& r = view.camera.rotation;
        sum -= glm::dvec3(r[0][1], r[1][1], r[2][1]);
    }
    // Cameras that point every way have no common up.
    if (glm::length(sum) < 0.1 * double(views.size())) return {0, 0, 1};
    const glm::dvec3 up = glm::normalize(sum);
    for (int axis = 0; axis < 3; ++axis)
        if (std::abs(up[axis]) > kSnapCosine) {
            glm::vec3 snapped(0);
            snapped[axis] = up[axis] > 0 ? 1.0f : -1.0f;
            return snapped;
        }
    return glm::vec3(up);
}

/// The point nearest to all optical axes (least squares). Where the axes hardly cross (one camera, parallel
/// cameras), one unit of the rig's size in front of them.
struct Focus {
    glm::dvec3 point;
    bool shared;  ///< more than half of the views have it in front of them
};

Focus focus_of(const std::vector<CaptureView>& views) {
    glm::dvec3 mean_centre(0), mean_forward(0);
    for (const CaptureView& view : views) {
        mean_centre += glm::dvec3(view.camera.centre()) / double(views.size());
        mean_forward += glm::dvec3(view.camera.forward()) / double(views.size());
    }
    double spread = 0;
    for (const CaptureView& view : views)
        spread = std::max(spread, glm::length(glm::dvec3(view.camera.centre()) - mean_centre));
    if (spread < 1e-6) spread = 1;
    // A faint pull to that point decides only what the axes leave open.
    const glm::dvec3 in_front = mean_centre + spread * mean_forward;
    constexpr double kPull = 1e-3;
    glm::dmat3 a = kPull * double(views.size()) * glm::dmat3(1);
    glm::dvec3 b = kPull * double(views.size()) * in_front;
    for (const CaptureView& view : views) {
        const glm::dvec3 d(view.camera.forward()), c(view.camera.centre());
        const glm::dmat3 across = glm::dmat3(1) - glm::outerProduct(d, d);
        a += across;
        b += across * c;
    }
    const glm::dvec3 focus = glm::inverse(a) * b;
    const auto sees = std::count_if(views.begin(), views.end(), [&](const CaptureView& view) {
        return view.camera.to_camera(glm::vec3(focus)).z > 0;
    });
    const bool shared = 2 * sees > std::ptrdiff_t(views.size());
    return {shared ? focus : in_front, shared};
}

/// Views of which all but this share must agree where the subject is before the rest are said to look away.
constexpr double kDissent = 0.25;
/// Fewer views have no majority.
constexpr std::size_t kLeastViews = 4;

}  // namespace

std::vector<std::string> views_that_look_away(const std::vector<CaptureView>& views) {
    const Focus focus = focus_of(views);
    if (views.size() < kLeastViews || !focus.shared) return {};
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < views.size(); ++i) {
        const double depth = views[i].camera.to_camera(glm::vec3(focus.point)).z;
        if (depth <= 0)
            lines.push_back(
                fmt::format("view {} ({}): looks away from what the other views look at, which is {:.3g} "
                            "behind it: check its pose",
                            i, views[i].name, -depth));
    }
    if (double(lines.size()) > kDissent * double(views.size())) lines.clear();
    return lines;
}

/// Bounds: the cube around the focus point whose inner sphere the median camera just sees whole. The floor is
/// that sphere's lowest point. Both are starting values; training replaces them by the performer's.
TakeInfo take_info(const Capture::State& state, const std::vector<CaptureView>& views) {
    TakeInfo info;
    info.fps = state.info.fps;
    info.metres_per_unit = state.rig.metres_per_unit;
    info.up = mean_up(views);
    const glm::vec3 focus(focus_of(views).point);
    std::vector<float> radii;
    for (const CaptureView& view : views) {
        const Camera& camera = view.camera;
        const float half =
            std::atan(0.5f * std::min(float(camera.width) / camera.fx, float(camera.height) / camera.fy));
        radii.push_back(glm::length(focus - camera.centre()) * std::sin(half));
    }
    std::nth_element(radii.begin(), radii.begin() + std::ptrdiff_t(radii.size() / 2), radii.end());
    const float radius = std::max(radii[radii.size() / 2], 1e-3f);
    info.bounds_min = focus - radius, info.bounds_max = focus + radius;
    info.floor = glm::dot(focus, info.up) - radius;
    const Camera& first = views.front().camera;
    info.view_eye = first.centre(), info.view_target = focus;
    info.view_fov = 2 * std::atan(0.5f * float(first.height) / first.fy);
    info.background = glm::vec3(state.masks ? 1.0f : 0.0f);
    return info;
}

}  // namespace volumen
