// What a training run is told.
#pragma once

#include <cstdint>
#include <string>

#include "encoder/train/camera_colour.h"

namespace volumen::train {

/// Iteration counts and rates. Rates are per iteration; those of positions are in units of the subject's
/// extent (half the diagonal of its bounds), so that nothing depends on the scene's scale.
struct TrainSettings {
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
    // Off here; see few_cameras.h.
    float dropout = 0;         ///< share of the splats that sits out each iteration
    float spread_weight = 0;   ///< of DepthWeights, later in the first frame and in refreshed ones
    float smooth_weight = 0;   ///< the same
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

/// Of the take's `frame`, counted from 0.
int frame_iterations(const TrainSettings& settings, int frame);
/// Of the motion graph, in a segment's frame, counted from 0.
int coarse_iterations(const TrainSettings& settings, int frame_in_segment);

/// `draft`, `standard`, `best`; throws UsageError otherwise.
TrainSettings preset(const std::string& name);

}  // namespace volumen::train
