// Made-up takes whose splats follow joints: the figure of synthetic.h, as a model of profile `dualgs`.
#pragma once

#include <cmath>
#include <filesystem>
#include <random>
#include <vector>

#include "formats/coding/skin.h"
#include "formats/splats/describe.h"
#include "tests/encoder/pack/synthetic.h"

namespace volumen {

/// One segment's clouds, a frame each.
struct JointedFrames {
    std::vector<SplatCloud> joints, splats;
};

inline std::vector<glm::dvec3> places_of(const SplatCloud& cloud) {
    std::vector<glm::dvec3> out;
    for (std::size_t i = 0; i < cloud.count; ++i) out.emplace_back(position(cloud, i));
    return out;
}

inline void put_joint(SplatCloud& cloud, std::size_t i, glm::vec3 place, glm::quat turn) {
    for (int a = 0; a < 3; ++a) cloud.channel(SplatCloud::kPosition + a)[i] = place[a];
    cloud.channel(3)[i] = turn.w, cloud.channel(4)[i] = turn.x;
    cloud.channel(5)[i] = turn.y, cloud.channel(6)[i] = turn.z;
}

/// Joints on splats of the first frame, each swinging and turning with its limb; `walk` scene units a frame
/// besides, all together. The skin of a later frame is pose_skin() of the first one's; its opacities, scales
/// and colours change.
inline JointedFrames jointed_frames(std::size_t count, std::size_t joints, int sh_degree, int first_frame,
                                    int frames, unsigned seed, float walk = 0.01f) {
    constexpr std::size_t kLimbs = 6;
    JointedFrames out;
    const SplatCloud first = synthetic_cloud(count, sh_degree, first_frame, seed, 0);
    std::mt19937 random(seed);
    std::vector<glm::quat> pose;
    for (std::size_t j = 0; j < joints; ++j)
        pose.push_back(glm::angleAxis(float(random() % 628) / 100, glm::vec3(0, 0.6f, 0.8f)));
    Anchors anchors;
    std::vector<JointMotion> motion(joints);
    for (int f = 0; f < frames; ++f) {
        SplatCloud now(joints, 0);
        for (std::size_t j = 0; j < joints; ++j) {
            const glm::vec3 from = position(first, j % count);
            const std::size_t limb = j % count % kLimbs;
            const glm::vec3 middle(0.3f * float(limb % 3) - 0.3f, 0, 0.6f + 0.7f * float(limb / 3));
            const float phase = float(first_frame) * 0.2f + float(limb);
            const float swing = 0.6f * (std::sin(phase + float(f) * 0.2f) - std::sin(phase));
            const glm::quat turn = glm::angleAxis(swing, glm::normalize(glm::vec3(1, float(limb) * 0.3f, 0)));
            const glm::vec3 to = middle + turn * (from - middle) + glm::vec3(walk * float(f), 0, 0);
            put_joint(now, j, to, turn * pose[j]);
            motion[j] = {from, to, {turn.w, turn.x, turn.y, turn.z}};
        }
        out.joints.push_back(now);
        if (f == 0) anchors = anchor(places_of(first), places_of(now));
        SplatCloud skin = first;
        pose_skin(first, anchors, motion, skin);
        for (std::size_t i = 0; i < count; ++i) {
            const float wave = std::sin(0.4f * float(f) + 0.05f * float(i % 97));
            skin.channel(SplatCloud::kOpacity)[i] += 1.0f * wave;
            for (int a = 0; a < 3; ++a) skin.channel(SplatCloud::kScale + a)[i] += 0.2f * wave;
            // A shadow that passes over a third of the splats.
            if (i % 3 == 0 && f > frames / 2)
                for (int k = 0; k < 3 * sh_coefficients(sh_degree); ++k)
                    skin.channel(SplatCloud::kSh + k)[i] -= 0.2f;
        }
        out.splats.push_back(skin);
    }
    return out;
}

/// Writes a model: segments of the given lengths, each with splats and joints of its own.
inline ModelInfo write_jointed_model(const std::filesystem::path& folder, std::size_t count,
                                     std::size_t joints, int sh_degree, const std::vector<int>& segments,
                                     unsigned seed) {
    std::filesystem::create_directories(folder);
    ModelInfo info;
    info.sh_degree = sh_degree;
    info.profile = "dualgs";
    Bounds bounds;
    int frame = 0;
    for (const int length : segments) {
        info.segments.push_back({frame, length});
        const JointedFrames made =
            jointed_frames(count, joints, sh_degree, frame, length, seed + unsigned(info.segments.size()));
        for (int i = 0; i < length; ++i, ++frame) {
            write_ply(model_frame_path(folder, frame), made.splats[std::size_t(i)]);
            write_ply(model_joints_path(folder, frame), made.joints[std::size_t(i)]);
            bounds.add(made.splats[std::size_t(i)]);
        }
    }
    info.take.bounds_min = bounds.low, info.take.bounds_max = bounds.high;
    write_model_info(folder, info);
    return info;
}

}  // namespace volumen
