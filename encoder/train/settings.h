// What a training run is told.
#pragma once

#include <cstdint>
#include <string>

namespace volumen::train {

/// Iteration counts and rates. Rates are per iteration; those of positions are in units of the subject's
/// extent (half the diagonal of its bounds), so that nothing depends on the scene's scale.
struct TrainSettings {
    std::uint64_t seed = 1;
    int splats = 10'000;  ///< budget
    int sh_degree = 1;
    int segment_frames = 30;        ///< one topology inside a segment; densification only at its first frame
    float ssim_weight = 0.2f;       ///< λ of (1 - λ) L1 + λ D-SSIM
    bool random_background = true;  ///< masked captures: truth and render over a colour drawn each iteration

    int first_iterations = 3000;   ///< the take's first frame
    int refresh_iterations = 600;  ///< the first frame of each later segment
    int coarse_iterations = 150;   ///< motion graph, per later frame
    int fine_iterations = 250;     ///< all splats, per later frame

    float position_rate = 6e-4f;  ///< start of the first frame; log-linear to a hundredth of it
    float rotation_rate = 2e-3f, scale_rate = 5e-3f, opacity_rate = 2.5e-2f, sh_rate = 2.5e-3f;
    float rest_rate_divisor = 20;  ///< of sh_rate, for degrees above 0
    float opacity_floor = 0.005f;  ///< splats below it are pruned

    int graph_nodes = 200;
    float graph_rate = 4e-3f;  ///< of node translations (extents) and rotations (quaternion components)
    float arap_weight = 20;    ///< Σ over node edges, lengths in node spacings
    float fine_position_rate = 1.5e-4f;
    float fine_rate_scale = 0.2f;   ///< of scale, opacity and SH rates after the first frame
    float rigid_weight = 2;         ///< mean over neighbour pairs, lengths in neighbour spacings
    float temporal_weight = 1e-3f;  ///< L1 to the frame before: rotation, log-scale, opacity logit, SH
};

/// `draft`, `standard`, `best`; throws UsageError otherwise.
TrainSettings preset(const std::string& name);

}  // namespace volumen::train
