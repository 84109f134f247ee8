// The recipe of the demo take: a performer as bones, rounded shapes, textures and a dance, read from JSON.
// Lengths are metres, times seconds, angles degrees in the file and radians here; z is up and the performer
// faces -y, so that its left is +x. "beat" below is a fraction of the loop in [0, 1).
#pragma once

#include <array>
#include <filesystem>
#include <glm/glm.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace volumen::demo {

/// Σ amplitude · sin(2π (harmonic · beat + phase)) + offset: whole harmonics, so that the dance loops.
struct Wave {
    struct Term {
        float harmonic = 1, amplitude = 0, phase = 0;
    };
    float offset = 0;
    std::vector<Term> terms;
    float operator()(float beat) const;
};

struct Bone {
    std::string name;
    int parent = -1;        ///< a lower index, or -1: the stage
    glm::vec3 offset{0};    ///< joint in the parent's frame, at rest
    Wave x, y, z;           ///< added to the offset
    Wave yaw, pitch, roll;  ///< about z, x and y, applied in the order roll, pitch, yaw
};

/// Two-bone inverse kinematics: `upper` and `lower` bend so that `end` reaches its target.
struct Limb {
    int upper = 0, lower = 0, end = 0;
    glm::vec3 pole{0};  ///< where elbow or knee points, in the frame of the upper bone's parent
};

/// A foot's way round the loop, passed without overshoot from key to key; the other foot does the same
/// mirrored, half a loop later.
struct FootKey {
    float beat = 0;
    glm::vec3 position{0};     ///< of the ankle's foot point on the stage
    float pitch = 0, yaw = 0;  ///< toes up, toes to the performer's left
};

/// A three-ball cascade. Hands go round an ellipse, carrying below and returning above; balls fly freely.
struct Juggling {
    glm::vec3 centre{0};  ///< of the left hand's ellipse, in front of the performer
    float radius_x = 0, radius_z = 0;
    float dwell = 0.45f;  ///< share of a hand's period in which it holds a ball
    float palm = 0;       ///< height of a held ball's centre over the hand
    float gravity = 9.81f;
    int throws = 6;  ///< of both hands in a loop: even, and a multiple of 6 where the balls differ in looks
};

enum class Pattern { solid, diamonds, stripes, rings, pleats, face, stage, ball };

/// A surface. Colours are linear.
struct Material {
    std::string name;
    Pattern pattern = Pattern::solid;
    std::vector<glm::vec3> colours;
    float around = 1, along = 0.1f;  ///< repeats around the axis; length of a repeat along it
    float seam = 0;                  ///< half width of the line between colours, as a share of a repeat
    float gloss = 0, metal = 0, weave = 0;
};

enum class ShapeKind { cone, ellipsoid, ring, disc };

/// A rounded cone from `a` to `b`, an ellipsoid, a ring (torus, perhaps pleated) or a disc about `a`, in the
/// frame of its bone.
struct Shape {
    ShapeKind kind = ShapeKind::cone;
    int bone = 0, material = 0;
    int group = 0;   ///< shapes of a group melt into one another ...
    float melt = 0;  ///< ... over this distance
    glm::vec3 a{0}, b{0};
    float radius_a = 0,
          radius_b = 0;     ///< cone: at the ends; ring: of the circle and of the tube; disc: outer, edge
    glm::vec3 radii{0};     ///< ellipsoid; disc: half height in z
    glm::mat3 rotation{1};  ///< of ellipsoid, ring and disc
    float pleats = 0, pleat_depth = 0;  ///< ring
    float pattern_start = 0;            ///< carries a pattern on from the shape before, metres along the axis
    float swing_a = 0, swing_b = 0;     ///< how much the ends trail behind the motion
};

struct Light {
    glm::vec3 to_light{0, 0, 1}, colour{1};
};

/// Cameras in turn on the rings, evenly spaced in azimuth from the front.
struct Rig {
    struct Ring {
        float height = 1, distance = 3;
    };
    std::vector<Ring> rings;
    glm::vec3 target{0, 0, 1};
    float vertical_fov = 0.6f;
};

struct Recipe {
    int fps = 24, loop_frames = 48;
    float stage_height = 0;
    std::vector<Bone> bones;
    std::array<int, 3> balls{};  ///< bones that fly
    std::vector<Limb> limbs;     ///< left arm, right arm, left leg, right leg
    std::vector<FootKey> steps;  ///< of the right foot
    Juggling juggling;
    std::vector<Material> materials;
    std::vector<Shape> shapes;  ///< in order of their groups
    Light key, fill, rim;
    glm::vec3 sky{0}, ground{0};
    Rig rig;
    float loop_seconds() const { return float(loop_frames) / float(fps); }
};

/// Throws InputError, naming what is wrong in which entry.
Recipe parse_recipe(std::string_view json, const std::string& name);
Recipe read_recipe(const std::filesystem::path& file);
/// The recipe in this folder, as it was when the program was built.
Recipe built_in_recipe();

}  // namespace volumen::demo
