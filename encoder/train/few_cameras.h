// Rigs whose cameras stand far apart, and what training does about them.
#pragma once

#include <span>
#include <string>

#include "encoder/train/settings.h"
#include "encoder/train/training_frame.h"

namespace volumen::train {

enum class FewCameras { automatic, on, off };
/// `auto`, `on` or `off`; throws UsageError otherwise.
FewCameras few_cameras_mode(const std::string& name);

/// How many views see a surface that faces one of the cameras, each counted by the squared cosine at which it
/// does: mean over views i of Σ_j max(0, cos θ_ij)², θ_ij the angle at `centre`. A ring of 6 has 1.5, one of
/// 12 has 3, a single camera 1; cameras that all stand in one place have as many as they are.
float views_of_a_surface(std::span<const Camera> cameras, glm::vec3 centre);
/// Below it a rig has few cameras.
inline constexpr float kFewViews = 3.5f;

/// Degrees between the directions, from the subject's centre, to two views whose photos are held against one
/// another through the model's depths; a rig with no such two trains without. In unseen views, four pairs of
/// 22 degrees gain 0.3 to 0.4 dB and arcs of steps of 20 up to 0.1, a ring of 12, at 30, loses 0.1.
inline constexpr float kNeighbourAngle = 25;
/// Of that term; in views that two rigs of four pairs did not see, 0.02 gains less.
inline constexpr float kPhotoWeight = 0.006f;

/// The settings for a rig of few cameras: splats that sit out at random, a thin surface, at the depths where
/// neighbours' photos agree, the hull as a bound, fewer and more opaque splats to start with that may go
/// further; a colour of no higher degree and no more
/// splats than the views can tell. `own_splats`, `own_sh_degree`: the user's own, which stay.
TrainSettings for_few_cameras(TrainSettings settings, int views, bool own_splats, bool own_sh_degree);

/// Pixels of all views that show the subject: that are in the mask, where there is one.
std::size_t subject_pixels(const TrainingFrame& frame);

}  // namespace volumen::train
