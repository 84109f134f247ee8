// The viewer's camera: orbit, pan, dolly, fly.
#pragma once

#include "player/source/viewpoint.h"

namespace volumen {

/// Looks at a target from a distance; `up` is the take's up axis and stays vertical on screen. Motions are
/// in pixels, so that what is under the pointer follows it.
class OrbitCamera {
  public:
    explicit OrbitCamera(const Viewpoint& home);

    /// Turns around the target: `dx` to the right turns the scene to the right.
    void orbit(float dx, float dy, ViewSize view);
    /// Shifts eye and target in the image plane.
    void pan(float dx, float dy, ViewSize view);
    /// Nears the target by `steps` of the wheel (negative: leaves it); never reaches it.
    void dolly(float steps);
    /// Turns the head: the eye stays, the target moves.
    void look(float dx, float dy, ViewSize view);
    /// Moves eye and target along the view, its right, and up; in shares of the distance to the target.
    void fly(float forward, float right, float up);
    /// Back to the start.
    void reset();

    glm::vec3 eye() const { return target_ - distance_ * forward(); }
    glm::vec3 target() const { return target_; }
    glm::vec3 forward() const;
    float distance() const { return distance_; }
    Viewpoint viewpoint() const { return {eye(), target_, up_, home_.fov}; }

  private:
    void turn(float yaw, float pitch);
    glm::vec3 right() const;

    Viewpoint home_;
    glm::vec3 up_, side_, ahead_;  ///< a right-handed frame: yaw 0 looks along ahead_
    glm::vec3 target_{0};
    float distance_ = 1, yaw_ = 0, pitch_ = 0;
    float nearest_ = 0, farthest_ = 0;  ///< limits of the distance
};

}  // namespace volumen
