#include "encoder/pack/skin/joint_coder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "formats/core/error.h"
#include "formats/stream/chunks.h"
#include "formats/stream/side.h"
#include "formats/stream/skin_chunks.h"
#include "tests/encoder/pack/jointed.h"
#include "tests/formats/stream/skin_generator.h"

using namespace volumen;

namespace {

constexpr float kGrid = 1.0f / 1024, kTurnStep = 0.02f;

struct Coded {
    SkinSegment segment;
    Bytes chunk;
    std::uint8_t mode(std::size_t component) const { return chunk[component]; }
    int step(std::size_t component) const { return 1 << (mode(component) & kMotionShift); }
};

Coded code(const std::vector<SplatCloud>& frames, float dead_zone = 0.5f, int joint_shift = 0) {
    Coded out;
    SkinSegment& s = out.segment;
    s.frame_count = int(frames.size());
    s.joint_count = std::uint32_t(frames.front().count);
    s.origin = {0.5f, -0.25f, 0};
    s.grid = kGrid, s.turn_step = kTurnStep, s.joint_shift = joint_shift;
    out.chunk = code_joints(frames, dead_zone, s);
    return out;
}

/// The integers that a reader gets: the chunk put into a made-up segment of as many joints and frames.
std::vector<std::int32_t> read_back(const Coded& coded) {
    const SkinSegment& s = coded.segment;
    const GeneratedSkin g = SkinGenerator(3).next({.splats = 3,
                                                   .joints = s.joint_count,
                                                   .frames = std::uint32_t(s.frame_count),
                                                   .entries = 2,
                                                   .sh_degree = 0});
    const Chunks chunks(
        g.bytes, {kSkinLayout, kJoints, kFirstFrame, kMeans, kCodebooks[0], kPictureChecksums}, "made up");
    ByteWriter out;
    for (const char* type : {kSkinLayout, kFirstFrame, kMeans, kCodebooks[0], kPictureChecksums}) {
        Bytes raw = chunks.unpack_up_to(type, 1 << 20);
        constexpr std::size_t kShiftAt = 36;
        if (type == kSkinLayout) raw[kShiftAt] = std::uint8_t(s.joint_shift);
        write_chunk(out, type, raw);
    }
    write_chunk(out, kJoints, coded.chunk);
    return read_skin_segment(out.bytes(), g.entry, g.header, "made up")->joints;
}

/// Joints whose places and turns are functions of joint and frame.
std::vector<SplatCloud> moving(std::size_t joints, int frames,
                               const std::function<glm::vec3(std::size_t, int)>& place,
                               const std::function<glm::vec3(std::size_t, int)>& turn) {
    std::vector<SplatCloud> out;
    for (int f = 0; f < frames; ++f) {
        SplatCloud& cloud = out.emplace_back(joints, 0);
        for (std::size_t j = 0; j < joints; ++j) {
            const glm::vec3 v = turn(j, f);
            const float angle = glm::length(v);
            put_joint(cloud, j, place(j, f),
                      angle > 0 ? glm::angleAxis(angle, v / angle) : glm::quat(1, 0, 0, 0));
        }
    }
    return out;
}

glm::vec3 still(std::size_t j, int) {
    return {0.1f * float(j % 7), 0.1f * float(j / 7), 0.03f * float(j)};
}
glm::vec3 unturned(std::size_t, int) {
    return glm::vec3(0);
}

/// The largest distance between a place as coded and as it was, in units of grid << joint_shift.
double worst_place(const Coded& coded, const std::vector<SplatCloud>& frames, std::size_t axis) {
    const SkinSegment& s = coded.segment;
    double worst = 0;
    for (std::size_t f = 0; f < frames.size(); ++f)
        for (std::size_t j = 0; j < s.joint_count; ++j) {
            const double wanted = (double(frames[f].channel(int(axis))[j]) - s.origin[axis]) /
                                  (s.grid * double(1 << s.joint_shift));
            worst = std::max(worst,
                             std::abs(s.joints[(f * s.joint_count + j) * kJointComponents + axis] - wanted));
        }
    return worst;
}

/// The largest angle between a turn as coded and as it was, radians.
double worst_turn(const Coded& coded, const std::vector<SplatCloud>& frames) {
    double worst = 0;
    for (std::size_t f = 0; f < frames.size(); ++f) {
        const std::vector<JointMotion> motion = coded.segment.motion(int(f));
        for (std::size_t j = 0; j < motion.size(); ++j) {
            const Quaternion truth = multiply(rotation(frames[f], j), conjugate(rotation(frames[0], j)));
            worst = std::max(worst,
                             2 * std::acos(std::min(1.0, double(std::abs(glm::dot(truth, motion[j].turn))))));
        }
    }
    return worst;
}

/// Half a step and what f32 leaves of a coordinate.
constexpr double kRounding = 0.5 + 1e-2;

}  // namespace

TEST_CASE("joint coder: decodes to exactly what the encoder goes on with") {
    constexpr unsigned kSeed = 51;
    MESSAGE("seed " << kSeed);
    for (unsigned seed = kSeed; seed < kSeed + 6; ++seed)
        for (const int joint_shift : {0, 3}) {
            const JointedFrames made =
                jointed_frames(100, 1 + seed % 5 * 30, 0, 0, 1 + int(seed % 4) * 8, seed);
            const Coded coded = code(made.joints, seed % 2 ? 0.5f : 1.5f, joint_shift);
            CHECK(read_back(coded) == coded.segment.joints);
        }
}

TEST_CASE("joint coder: a random walk of 600 frames never drifts") {
    constexpr unsigned kSeed = 52;
    MESSAGE("seed " << kSeed);
    for (const float dead_zone : {0.5f, 0.9f})
        for (const float stride : {0.0001f, 0.003f, 0.05f}) {
            std::mt19937 random(kSeed);
            std::normal_distribution<float> normal;
            std::vector<glm::vec3> at(20), turned(20);
            for (std::size_t j = 0; j < at.size(); ++j) at[j] = still(j, 0);
            const auto walk = [&](std::vector<glm::vec3>& from, float by) {
                return [&from, by, &normal, &random](std::size_t j, int f) {
                    if (f > 0) from[j] += by * glm::vec3(normal(random), normal(random), normal(random));
                    return from[j];
                };
            };
            const auto frames = moving(at.size(), 600, walk(at, stride), walk(turned, stride));
            const Coded coded = code(frames, dead_zone);
            for (std::size_t a = 0; a < 3; ++a) {
                CHECK(coded.step(a) == 1);
                CHECK(worst_place(coded, frames, a) <= std::max(kRounding, double(dead_zone) + 1e-2));
            }
            // Three components, each within its zone.
            CHECK(worst_turn(coded, frames) < std::sqrt(3.0) * std::max(0.5f, dead_zone) * kTurnStep + 1e-3);
            CHECK(read_back(coded) == coded.segment.joints);
        }
}

TEST_CASE("joint coder: jitter within the dead zone costs nothing") {
    std::mt19937 random(53);
    const auto jitter = [&](std::size_t j, int f) {
        glm::vec3 at = still(j, 0);
        // On a grid point, so that the zone is symmetric.
        for (int a = 0; a < 3; ++a) at[a] = std::round(at[a] / kGrid) * kGrid;
        return f ? at + 0.8f * kGrid * (float(random() % 1000) / 500 - 1) : at;
    };
    const Coded coded = code(moving(30, 50, jitter, unturned), 0.9f);
    const std::size_t frame = 30 * kJointComponents;
    for (std::size_t i = frame; i < coded.segment.joints.size(); ++i)
        REQUIRE(coded.segment.joints[i] == coded.segment.joints[i - frame]);
}

TEST_CASE("joint coder: fast jumps take a shift on their axis and stay within half of its step") {
    // 4 units in one frame are 4096 steps: a shift of 3, so that 512 are left. Others stay fine.
    const auto jump = [](std::size_t j, int f) {
        return still(j, f) + glm::vec3(j == 4 && f >= 3 ? 4 : 0, 0.001f * float(f), 0);
    };
    const auto frames = moving(9, 8, jump, unturned);
    const Coded coded = code(frames);
    CHECK(coded.step(0) > 1);
    CHECK(coded.step(0) <= 8);
    CHECK(coded.step(1) == 1);
    CHECK(worst_place(coded, frames, 0) <= kRounding * coded.step(0));
    CHECK(worst_place(coded, frames, 1) <= kRounding);
    CHECK(read_back(coded) == coded.segment.joints);
}

TEST_CASE("joint coder: what no shift can carry is refused") {
    const auto away = [](std::size_t j, int f) { return still(j, f) + glm::vec3(f == 2 ? 6000 : 0, 0, 0); };
    CHECK_THROWS_AS(code(moving(3, 4, away, unturned)), InputError);
}

TEST_CASE("joint coder: turns go on beyond half a turn, whole turns, and back") {
    for (const glm::vec3 axis : {glm::vec3(0, 0, 1), glm::normalize(glm::vec3(1, -2, 0.5f))}) {
        // Three turns forward, then back.
        const auto spin = [&](std::size_t j, int f) {
            return axis * (0.3f * float(f < 63 ? f : 126 - f) * (j % 2 ? 1.0f : -1.0f));
        };
        const auto frames = moving(6, 126, still, spin);
        const Coded coded = code(frames);
        CHECK(worst_turn(coded, frames) < std::sqrt(3.0) * 0.5 * kTurnStep * coded.step(3) + 1e-3);
        for (std::size_t f = 1; f < frames.size(); ++f)
            for (std::size_t j = 0; j < 6; ++j) {
                glm::vec3 now, before;
                for (int a = 0; a < 3; ++a) {
                    const std::size_t at = (f * 6 + j) * kJointComponents + 3 + std::size_t(a);
                    now[a] = float(coded.segment.joints[at]) * kTurnStep;
                    before[a] = float(coded.segment.joints[at - 6 * kJointComponents]) * kTurnStep;
                }
                // The rotation vector itself goes on: no jump by a whole turn, no other axis.
                REQUIRE(glm::length(now - before) < 0.3f + 4 * kTurnStep);
                if (f == 63) CHECK(glm::length(now) > 0.3f * 61);
            }
    }
}

TEST_CASE("joint coder: joints that move with their neighbours are predicted from them") {
    // All take the same erratic steps: only the first joint's have to be coded.
    std::mt19937 random(54);
    std::vector<glm::vec3> path(40);
    for (std::size_t f = 1; f < path.size(); ++f)
        path[f] = path[f - 1] +
                  0.1f * glm::vec3(float(random() % 1000), float(random() % 1000), float(random() % 1000)) /
                      1000.0f;
    const auto on_grid = [](glm::vec3 at) { return glm::round(at / kGrid) * kGrid; };
    const auto together = [&](std::size_t j, int f) {
        return on_grid(still(j, f)) + on_grid(path[std::size_t(f)]);
    };
    const auto each = [&](std::size_t j, int f) {
        return still(j, f) + path[(std::size_t(f) * 7 + j * 13) % path.size()];
    };
    const Coded predicted = code(moving(50, 40, together, unturned));
    const Coded alone = code(moving(50, 40, each, unturned));
    for (std::size_t a = 0; a < 3; ++a) CHECK((predicted.mode(a) & kMotionParent) != 0);
    CHECK(predicted.chunk.size() * 4 < alone.chunk.size());
    CHECK(read_back(predicted) == predicted.segment.joints);
    CHECK(read_back(alone) == alone.segment.joints);
}

TEST_CASE("joint parents: the nearest of the 64 in front, the first of those as near") {
    std::mt19937 random(55);
    std::vector<glm::dvec3> places;
    // A small lattice: many are as near.
    for (int j = 0; j < 300; ++j) places.emplace_back(random() % 5, random() % 5, random() % 5);
    const std::vector<std::uint32_t> parents = joint_parents(places);
    for (std::size_t j = 1; j < places.size(); ++j) {
        std::size_t best = j > 64 ? j - 64 : 0;
        for (std::size_t k = best; k < j; ++k)
            if (glm::length(places[k] - places[j]) < glm::length(places[best] - places[j])) best = k;
        REQUIRE(parents[j] == best);
    }
    CHECK(parents[0] == 0);
}
