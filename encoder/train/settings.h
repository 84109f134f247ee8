// What a training run is told.
#pragma once

#include <cstdint>
#include <string>

#include "encoder/train/camera_colour.h"

namespace volumen::train {

/// What a take is trained as: `automatic`, splats that are free in every frame; `dualgs`, a skin of splats
/// that hangs on joints (DualGS, Jiang et al. 2024); `v3`, splats whose changes are cheap to code as a video
/// (V³, Wang et al. 2024).
enum class Profile { automatic, dualgs, v3 };
/// `auto`, `dualgs` or `v3`; throws UsageError otherwise.
Profile parse_profile(const std::string& text);
const char* name(Profile profile);

/// What profile dualgs adds. The words are the paper's: joints move, the skin shows.
struct DualSettings {
    int joints = 0;                    ///< budget; 0: a share of the splats, see joint_count()
    int joint_first_iterations = 800;  ///< joints alone, the take's first frame
    int joint_iterations = 60;         ///< joints alone, per later frame
    int skin_iterations = 200;         ///< joints through the skin, and its looks, per later frame
    int refine_passes = 3;             ///< over a segment that is whole, each the unit of checkpoints
    int refine_rounds = 50;            ///< a pass, each with one view of every frame
    int early_every = 10;              ///< frames: after so many of a segment, one pass over those so far
    int early_rounds = 40;             ///< of such a pass

    float isotropic_weight = 0.002f;                                ///< of isotropic_term: joints are round
    float even_weight = 1;                                          ///< of even_term: joints are of a size
    float joint_opacity_floor = 0.1f, skin_opacity_floor = 0.015f;  ///< pruned below
    float joint_rigid_weight = 1e-2f;             ///< of RigidTerm over the joints, while they are alone
    float skin_rigid_weight = 1e-3f;              ///< the same, once they move the skin
    float joint_rate = 1e-3f, turn_rate = 1e-2f;  ///< of joints: extents, quaternion components
    float look_rate_scale = 0.8f;                 ///< of scale, opacity and SH rates after the first frame
    /// Of the L1 pull of looks towards the frame before, in typical gradients: see keep_steady(). From 1 on
    /// only a splat changes whose gradient is larger than is typical.
    float scale_steadiness = 1.2f, opacity_steadiness = 1.2f, sh_steadiness = 1.2f;
    /// Of the splats, at most so many change their scale, their opacity or a degree of their SH in a frame,
    /// on average: of changes that are there before the last passes, the least important are undone.
    float look_changes = 0.0095f;
    float refine_joint_rate = 4e-4f, refine_turn_rate = 4e-3f;      ///< of the joints of every frame
    float refine_skin_rate = 4e-4f, refine_skin_turn_rate = 2e-3f;  ///< of the skin they all share
    float refine_look_scale = 1;                                    ///< of scale, opacity and SH rates

    int densify_every = 100;                          ///< iterations of the skin's first frame
    float densify_from = 0.1f, densify_until = 0.6f;  ///< shares of them
};

/// What profile v3 adds.
struct V3Settings {
    float surplus = 1.4f;         ///< splats that a keyframe is grown to, in budgets, before it is pruned
    float grow_share = 0.7f;      ///< of a keyframe's iterations, before it is pruned
    float surface_again = 1.15f;  ///< a keyframe whose residual is so much larger than that of the last one
                                  ///< from the surface begins at the surface, too
    float border_share = 0.3f;    ///< of such a keyframe's images, what the tracked one shows
    int field_iterations = 150;   ///< motion field, per later frame
    float field_rate = 3e-3f;     ///< of its parameters
    float field_rigid_weight = 3e-3f;  ///< of RigidTerm, meanwhile
    float entropy_weight = 1.5e-5f;    ///< of ResidualEntropy, a bit a splat
    float entropy_steps = 1.4f;        ///< cells of its quantiser, in steps of the planes
};

/// Iteration counts and rates. Rates are per iteration; those of positions are in units of the subject's
/// extent (half the diagonal of its bounds), so that nothing depends on the scene's scale.
struct TrainSettings {
    Profile profile = Profile::automatic;
    DualSettings dual;
    V3Settings v3;
    std::uint64_t seed = 1;
    int splats = 10'000;        ///< budget
    int stage_splats = 20'000;  ///< of the still surroundings, where they are trained
    int sh_degree = 1;
    int segment_frames = 30;         ///< one topology inside a segment; densification only at its first frame
    float ssim_weight = 0.2f;        ///< λ of (1 - λ) L1 + λ D-SSIM
    float random_background = 0.5f;  ///< share of iterations over a random colour, where there are masks

    int first_iterations = 3000;   ///< the take's first frame
    int refresh_iterations = 600;  ///< the first frame of each later segment
    int coarse_iterations = 150;   ///< motion graph, per later frame
    int fine_iterations = 500;     ///< all splats, per later frame

    float position_rate = 6e-4f;  ///< start of the first frame; log-linear to a hundredth of it
    float rotation_rate = 2e-3f, scale_rate = 5e-3f, opacity_rate = 2.5e-2f, sh_rate = 2.5e-3f;
    float rest_rate_divisor = 20;  ///< of sh_rate, for degrees above 0
    float opacity_floor = 0.005f;  ///< splats below it are pruned
    float opacity_weight = 3e-3f;  ///< pull on the mean opacity: what no image asks for fades (3DGS-MCMC)
    float size_weight = 3e-3f;     ///< pull on the mean axis, in extents: no needles between the cameras

    float start_share = 0.6f;    ///< of the budget; densification places the rest where the error is
    float start_opacity = 0.2f;  ///< in (0, 1)
    bool mesh_start = false;     ///< from the meshed hull where there are masks: see initial_cloud
    // Off here; see few_cameras.h.
    float dropout = 0;         ///< share of the splats that sits out each iteration
    float spread_weight = 0;   ///< of DepthWeights, later in the first frame and in refreshed ones
    float smooth_weight = 0;   ///< the same
    float photo_weight = 0;    ///< of NeighbourPhotos, the same
    float photo_angle = 0;     ///< degrees between neighbours there, at most
    float flat_weight = 0;     ///< on flat_term, axes in extents
    float hull_slack = 0;      ///< extents; splats further than it outside of a mask are pruned, 0: none
    int pixels_per_splat = 0;  ///< at most one splat for so many pixels of the subject, 0: no limit

    ColourMode colour = ColourMode::automatic;  ///< exposure and white balance of the cameras
    float colour_rate = 4e-3f;                  ///< of log gains; in later frames a quarter of it

    int graph_nodes = 200;
    float graph_rate = 4e-3f;   ///< of node translations (extents) and rotations (quaternion components)
    float arap_weight = 0.03f;  ///< Σ over node edges, lengths in node spacings
    float fine_position_rate = 4e-4f;
    float fine_rate_scale = 0.8f;   ///< of scale, opacity and SH rates after the first frame
    float rigid_weight = 3e-3f;     ///< mean over neighbour pairs, lengths in neighbour spacings
    float temporal_weight = 3e-4f;  ///< L1 to the frame before: rotation, log-scale, opacity logit, SH
};

/// Of the take's `frame`, counted from 0; in `dualgs` without its refinement, in `v3` without a second
/// keyframe.
int frame_iterations(const TrainSettings& settings, int frame);
/// Of the motion graph, in a segment's frame, counted from 0.
int coarse_iterations(const TrainSettings& settings, int frame_in_segment);
/// Joints for so many splats, unless settings.dual.joints says.
int joint_count(const TrainSettings& settings, int splats);

/// The settings for a take of which another share of the splats changes its looks, as where lights move: what
/// keeps looks steady gives way in proportion.
DualSettings with_look_changes(DualSettings dual, float share);

/// `draft`, `standard`, `best`; throws UsageError otherwise.
TrainSettings preset(const std::string& name, Profile profile = Profile::automatic);

}  // namespace volumen::train
