#include "encoder/train/settings.h"

#include <algorithm>

#include "formats/core/error.h"

namespace volumen::train {
namespace {

constexpr const char* kProfiles[] = {"auto", "dualgs", "v3"};
/// Of the splats: fewer joints cannot bend everywhere, more follow noise (walker, 10,000 splats: 800 joints
/// lose 0.1 dB against 1,500, and 2,000 gain nothing).
constexpr float kJointShare = 0.15f;
constexpr int kFewestJoints = 200;

int v3_iterations(const TrainSettings& settings, int frame) {
    if (frame == 0) return settings.first_iterations;
    return settings.v3.field_iterations + settings.fine_iterations +
           (frame % settings.segment_frames == 0 ? settings.refresh_iterations : 0);
}

}  // namespace

Profile parse_profile(const std::string& text) {
    for (const Profile profile : {Profile::automatic, Profile::dualgs, Profile::v3})
        if (text == name(profile)) return profile;
    throw UsageError("--profile {}: this build has auto, dualgs and v3", text);
}

const char* name(Profile profile) {
    return kProfiles[std::size_t(profile)];
}

int joint_count(const TrainSettings& settings, int splats) {
    if (settings.dual.joints > 0) return settings.dual.joints;
    return std::max(int(kJointShare * float(splats)), kFewestJoints);
}

int coarse_iterations(const TrainSettings& settings, int frame_in_segment) {
    // A segment's second frame has no velocity to start from: the search is longer.
    return settings.coarse_iterations * (frame_in_segment == 1 ? 3 : 1);
}

int frame_iterations(const TrainSettings& settings, int frame) {
    if (settings.profile == Profile::v3) return v3_iterations(settings, frame);
    const bool dual = settings.profile == Profile::dualgs;
    if (frame == 0) return settings.first_iterations + (dual ? settings.dual.joint_first_iterations : 0);
    // A segment begins with a frame that is tracked from the segment before, and then refreshed.
    const int in_segment = (frame - 1) % settings.segment_frames + 1;
    return coarse_iterations(settings, in_segment) +
           (dual ? settings.dual.joint_iterations + settings.dual.skin_iterations
                 : settings.fine_iterations) +
           (in_segment == settings.segment_frames ? settings.refresh_iterations : 0);
}

DualSettings with_look_changes(DualSettings dual, float share) {
    const float looser = std::min(dual.look_changes / std::max(share, 1e-4f), 1.0f);
    dual.look_changes = share;
    for (float* steadiness : {&dual.scale_steadiness, &dual.opacity_steadiness, &dual.sh_steadiness})
        *steadiness *= looser;
    return dual;
}

TrainSettings preset(const std::string& name, Profile profile) {
    TrainSettings settings;
    settings.profile = profile;
    DualSettings& dual = settings.dual;
    if (profile == Profile::dualgs) settings.segment_frames = 50;  // the paper's
    if (profile == Profile::v3) {
        settings.segment_frames = 20;  // the paper's
        settings.mesh_start = true;
    }
    if (name == "draft") {
        settings.first_iterations = 1200;
        settings.refresh_iterations = 200;
        settings.coarse_iterations = 90;
        settings.fine_iterations = 150;
        dual.joint_first_iterations = 300;
        dual.joint_iterations = 30;
        dual.skin_iterations = 120;
        dual.refine_passes = 2;
        settings.v3.field_iterations = 80;
    } else if (name == "best") {
        settings.first_iterations = 10'000;
        settings.refresh_iterations = 2000;
        settings.coarse_iterations = 400;
        settings.fine_iterations = 2000;
        if (profile == Profile::dualgs) {
            // The published counts.
            settings.sh_degree = 3;
            settings.first_iterations = dual.joint_first_iterations = 30'000;
            settings.refresh_iterations = 5000;
            dual.joint_iterations = dual.skin_iterations = 15'000;
            dual.refine_rounds = 200;
            dual.densify_every = 150, dual.densify_from = 500.0f / 30'000, dual.densify_until = 0.5f;
        }
        if (profile == Profile::v3) {
            // The published counts.
            settings.sh_degree = 3;
            settings.first_iterations = 16'000;  // 12,000 to grow, 4,000 after pruning
            settings.v3.grow_share = 0.75f;
            settings.refresh_iterations = 4000;
            settings.v3.field_iterations = 800;
            settings.fine_iterations = 2000;
        }
    } else if (name != "standard") {
        throw UsageError("--preset {}: there are draft, standard and best", name);
    }
    return settings;
}

}  // namespace volumen::train
