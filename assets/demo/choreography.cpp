#include "assets/demo/choreography.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <glm/gtc/constants.hpp>
#include <glm/gtc/matrix_transform.hpp>

namespace volumen::demo {
namespace {

glm::mat3 turn(float angle, glm::vec3 axis) {
    return glm::mat3(glm::rotate(glm::mat4(1), angle, axis));
}

glm::mat3 yaw_pitch_roll(float yaw, float pitch, float roll) {
    return turn(yaw, {0, 0, 1}) * turn(pitch, {1, 0, 0}) * turn(roll, {0, 1, 0});
}

float fraction(float x) {
    return x - std::floor(x);
}

/// The frame whose -z is `down` and whose -y is as near to `front` as that allows.
glm::mat3 limb_rotation(glm::vec3 down, glm::vec3 front) {
    const glm::vec3 z = -glm::normalize(down);
    const glm::vec3 x = glm::normalize(glm::cross(-front, z));
    return {x, glm::cross(z, x), z};
}

/// A value and its slope at the keys of a periodic function.
struct Knot {
    float at, value;
};

/// Periodic monotone cubic interpolation (Fritsch-Butland): stays between neighbouring keys, so that a foot
/// never dips below the stage.
float interpolate(const std::vector<Knot>& knots, float at) {
    const std::size_t n = knots.size();
    if (n == 1) return knots[0].value;
    const auto width = [&](std::size_t i) {
        const float w = knots[(i + 1) % n].at - knots[i % n].at;
        return w > 0 ? w : w + 1;
    };
    const auto secant = [&](std::size_t i) {
        return (knots[(i + 1) % n].value - knots[i % n].value) / width(i % n);
    };
    const auto slope = [&](std::size_t i) {
        const float before = secant(i + n - 1), after = secant(i);
        if (before * after <= 0) return 0.0f;
        const float w0 = width((i + n - 1) % n), w1 = width(i % n);
        const float a = 2 * w1 + w0, b = w1 + 2 * w0;
        return (a + b) / (a / before + b / after);
    };
    std::size_t i = n - 1;
    for (std::size_t k = 0; k < n; ++k)
        if (knots[k].at <= at) i = k;
    if (at < knots[0].at) i = n - 1;
    const float w = width(i), t = fraction(at - knots[i].at) / w;
    const float v0 = knots[i].value, v1 = knots[(i + 1) % n].value;
    const float m0 = slope(i) * w, m1 = slope(i + 1) * w;
    const float t2 = t * t, t3 = t2 * t;
    return v0 * (2 * t3 - 3 * t2 + 1) + m0 * (t3 - 2 * t2 + t) + v1 * (3 * t2 - 2 * t3) + m1 * (t3 - t2);
}

FootKey foot_at(const std::vector<FootKey>& steps, float beat) {
    std::vector<Knot> knots(steps.size());
    const auto follow = [&](auto&& get) {
        for (std::size_t i = 0; i < steps.size(); ++i) knots[i] = {steps[i].beat, get(steps[i])};
        return interpolate(knots, beat);
    };
    FootKey foot;
    foot.beat = beat;
    for (int axis = 0; axis < 3; ++axis)
        foot.position[axis] = follow([&](const FootKey& k) { return k.position[axis]; });
    foot.pitch = follow([](const FootKey& k) { return k.pitch; });
    foot.yaw = follow([](const FootKey& k) { return k.yaw; });
    return foot;
}

class Poser {
  public:
    Poser(const Recipe& recipe, float seconds)
        : recipe_(recipe), seconds_(seconds), beat_(fraction(seconds / recipe.loop_seconds())) {}

    std::vector<BoneFrame> pose() {
        frames_.resize(recipe_.bones.size());
        // In the order of the bones: a parent stands before its children.
        for (std::size_t i = 0; i < frames_.size(); ++i) frames_[i] = follow_parent(int(i));
        const glm::vec3 stage{0, 0, recipe_.stage_height};
        for (int side = 0; side < 2; ++side) {
            const Limb& arm = recipe_.limbs[std::size_t(side)];
            reach(arm, hand(side, seconds_), hand_rotation(side));
            FootKey foot = foot_at(recipe_.steps, fraction(beat_ + (side == 0 ? 0.5f : 0.0f)));
            if (side == 0) foot.position.x = -foot.position.x, foot.yaw = -foot.yaw;
            const Limb& leg = recipe_.limbs[std::size_t(side) + 2];
            reach(leg, foot.position + stage, yaw_pitch_roll(foot.yaw, -foot.pitch, 0));
        }
        for (int ball = 0; ball < 3; ++ball)
            frames_[std::size_t(recipe_.balls[std::size_t(ball)])] = fly(ball);
        return std::move(frames_);
    }

  private:
    BoneFrame follow_parent(int i) const {
        const Bone& bone = recipe_.bones[std::size_t(i)];
        BoneFrame parent;
        if (bone.parent >= 0)
            parent = frames_[std::size_t(bone.parent)];
        else
            parent.origin.z = recipe_.stage_height;
        const glm::vec3 moved = bone.offset + glm::vec3(bone.x(beat_), bone.y(beat_), bone.z(beat_));
        return {parent.rotation * yaw_pitch_roll(bone.yaw(beat_), bone.pitch(beat_), bone.roll(beat_)),
                parent(moved)};
    }

    /// Places the three bones of a limb so that the end stands at `target` (or as near as it reaches).
    void reach(const Limb& limb, glm::vec3 target, const glm::mat3& end_rotation) {
        BoneFrame &upper = frames_[std::size_t(limb.upper)], &lower = frames_[std::size_t(limb.lower)];
        const float a = glm::length(recipe_.bones[std::size_t(limb.lower)].offset);
        const float b = glm::length(recipe_.bones[std::size_t(limb.end)].offset);
        const int parent = recipe_.bones[std::size_t(limb.upper)].parent;
        const glm::vec3 pole = frames_[std::size_t(std::max(parent, 0))].rotation * limb.pole;
        glm::vec3 way = target - upper.origin;
        const float distance = std::clamp(glm::length(way), std::abs(a - b) + 1e-3f, (a + b) * 0.999f);
        way = glm::normalize(way);
        const glm::vec3 bend = glm::normalize(pole - way * glm::dot(pole, way));
        const float along = (a * a - b * b + distance * distance) / (2 * distance);
        const float aside = std::sqrt(std::max(a * a - along * along, 0.0f));
        lower.origin = upper.origin + way * along + bend * aside;
        const glm::vec3 end = upper.origin + way * distance;
        upper.rotation = limb_rotation(lower.origin - upper.origin, bend);
        lower.rotation = limb_rotation(end - lower.origin, bend);
        frames_[std::size_t(limb.end)] = {end_rotation, end};
    }

    /// Half of the body's turn and sway: the balls must not be dragged about by every wiggle of the hips.
    BoneFrame juggling_frame(float seconds) const {
        constexpr float kShare = 0.5f;
        const float beat = fraction(seconds / recipe_.loop_seconds());
        const Bone& pelvis = recipe_.bones[0];
        return {turn(kShare * pelvis.yaw(beat), {0, 0, 1}),
                {kShare * pelvis.x(beat), kShare * pelvis.y(beat), recipe_.stage_height}};
    }

    float beat_seconds() const { return recipe_.loop_seconds() / float(recipe_.juggling.throws); }
    float dwell_seconds() const { return recipe_.juggling.dwell * 2 * beat_seconds(); }

    /// Left hand (side 0) throws on even beats, right hand on odd ones.
    glm::vec3 hand(int side, float seconds) const {
        const Juggling& g = recipe_.juggling;
        const float phase = fraction(seconds / (2 * beat_seconds()) - (side == 0 ? 0.0f : 0.5f));
        const float empty = 1 - g.dwell;  // thrown at 0 (inside), caught at `empty` (outside)
        const float angle =
            glm::pi<float>() * (phase < empty ? phase / empty : 1 + (phase - empty) / g.dwell);
        const float mirror = side == 0 ? 1.0f : -1.0f;
        const glm::vec3 local{mirror * (g.centre.x - g.radius_x * std::cos(angle)), g.centre.y,
                              g.centre.z + g.radius_z * std::sin(angle)};
        return juggling_frame(seconds)(local);
    }

    glm::mat3 hand_rotation(int side) const {
        // Palm up (+y of the hand), fingers forward and a little inwards.
        const float inwards = side == 0 ? 0.35f : -0.35f;
        const glm::mat3 body = juggling_frame(seconds_).rotation;
        const glm::vec3 fingers = body * glm::normalize(glm::vec3(-inwards, -1, 0.12f));
        return limb_rotation(fingers, {0, 0, -1});
    }

    glm::vec3 held(int side, float seconds) const {
        const glm::vec3 forward = juggling_frame(seconds).rotation * glm::vec3(0, -0.045f, 0);
        return hand(side, seconds) + forward + glm::vec3(0, 0, recipe_.juggling.palm);
    }

    /// Ball b is thrown on the beats b, b + 3, b + 6 ... and flies to the other hand.
    BoneFrame fly(int ball) const {
        const float beat = beat_seconds(), flight = 3 * beat - dwell_seconds();
        const int last = int(std::floor(seconds_ / beat - float(ball) + 1e-4f));
        const int thrown = ball + 3 * int(std::floor(float(last) / 3));
        const int from = thrown & 1, to = 1 - from;
        const float since = seconds_ - float(thrown) * beat;
        if (since >= flight) return {glm::mat3(1), held(to, seconds_)};
        const float t = std::clamp(since / flight, 0.0f, 1.0f);
        const glm::vec3 start = held(from, float(thrown) * beat),
                        end = held(to, float(thrown) * beat + flight);
        glm::vec3 p = glm::mix(start, end, t);
        p.z += 0.5f * recipe_.juggling.gravity * flight * flight * t * (1 - t);
        const float spin = glm::two_pi<float>() * t;
        return {turn(spin, {1, 0, 0}), p};
    }

    const Recipe& recipe_;
    float seconds_, beat_;
    std::vector<BoneFrame> frames_;
};

}  // namespace

std::vector<BoneFrame> pose_at(const Recipe& recipe, float seconds) {
    // A loop ahead of time nought, so that trailing shapes may look a little into the past.
    const float loop = recipe.loop_seconds();
    return Poser(recipe, loop * (1 + fraction(seconds / loop))).pose();
}

}  // namespace volumen::demo
