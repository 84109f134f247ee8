#include "player/view/orbit_camera.h"

#include <algorithm>
#include <cmath>
#include <glm/gtc/constants.hpp>

namespace volumen {
namespace {

/// Straight up or down the sideways direction is undefined.
constexpr float kMaxPitch = glm::half_pi<float>() - 0.01f;
/// A drag over the height of the view turns by half a circle.
constexpr float kTurnPerView = glm::pi<float>();
/// One step of the wheel, in natural logarithms of the distance.
constexpr float kDollyStep = 0.12f;
/// The distance stays within these multiples of the first one: single precision holds, and the scene is found
/// again.
constexpr float kNearest = 0.02f, kFarthest = 50.0f;

}  // namespace

OrbitCamera::OrbitCamera(const Viewpoint& home) : home_(home) {
    up_ = glm::normalize(home.up);
    const glm::vec3 helper = std::abs(up_.x) < 0.9f ? glm::vec3(1, 0, 0) : glm::vec3(0, 1, 0);
    ahead_ = glm::normalize(glm::cross(up_, helper));
    side_ = glm::cross(ahead_, up_);
    reset();
}

void OrbitCamera::reset() {
    const glm::vec3 view = home_.target - home_.eye;
    target_ = home_.target;
    distance_ = std::max(glm::length(view), 1e-6f);
    nearest_ = kNearest * distance_, farthest_ = kFarthest * distance_;
    const glm::vec3 direction = view / distance_;
    pitch_ = std::clamp(std::asin(std::clamp(glm::dot(direction, up_), -1.0f, 1.0f)), -kMaxPitch, kMaxPitch);
    yaw_ = std::atan2(glm::dot(direction, side_), glm::dot(direction, ahead_));
}

glm::vec3 OrbitCamera::forward() const {
    const float flat = std::cos(pitch_);
    return flat * std::cos(yaw_) * ahead_ + flat * std::sin(yaw_) * side_ + std::sin(pitch_) * up_;
}

glm::vec3 OrbitCamera::right() const {
    return std::cos(yaw_) * side_ - std::sin(yaw_) * ahead_;
}

void OrbitCamera::turn(float yaw, float pitch) {
    yaw_ = std::remainder(yaw_ + yaw, glm::two_pi<float>());
    pitch_ = std::clamp(pitch_ + pitch, -kMaxPitch, kMaxPitch);
}

void OrbitCamera::orbit(float dx, float dy, ViewSize view) {
    const float scale = kTurnPerView / float(view.height);
    turn(dx * scale, -dy * scale);
}

void OrbitCamera::look(float dx, float dy, ViewSize view) {
    const glm::vec3 from = eye();
    const float scale = home_.vertical_fov(view) / float(view.height);
    turn(dx * scale, -dy * scale);
    target_ = from + distance_ * forward();
}

void OrbitCamera::pan(float dx, float dy, ViewSize view) {
    const float units_per_pixel =
        2 * distance_ * std::tan(0.5f * home_.vertical_fov(view)) / float(view.height);
    const glm::vec3 view_up = glm::cross(right(), forward());
    target_ += units_per_pixel * (dy * view_up - dx * right());
}

void OrbitCamera::dolly(float steps) {
    distance_ = std::clamp(distance_ * std::exp(-kDollyStep * steps), nearest_, farthest_);
}

void OrbitCamera::fly(float ahead, float sideways, float upwards) {
    target_ += distance_ * (ahead * forward() + sideways * right() + upwards * up_);
}

}  // namespace volumen
