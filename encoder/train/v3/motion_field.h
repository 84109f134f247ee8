// The motion of splats between frames as a function of their place (Wang et al. 2024, "V³: Viewing Volumetric
// Videos on Mobiles via Streamable 2D Dynamic Gaussians"): a hash grid and a small MLP. Theirs displaces
// splats; this one turns them as well, since what a limb's splats do is both.
#pragma once

#include <glm/glm.hpp>
#include <random>
#include <vector>

#include "encoder/train/archive.h"
#include "encoder/train/v3/hash_grid.h"
#include "encoder/train/v3/mlp.h"
#include "formats/splats/cloud.h"

namespace volumen::train {

/// displacement(p) = extent · mlp(grid((p - box_min) / extent)), where extent is the box's largest side, so
/// that cells are cubes; places outside that cube move as the nearest on its faces do. Starts at no motion.
/// The same bits with any number of threads.
class MotionField {
  public:
    static constexpr float kRate = 1e-3f;  ///< a rate for step that serves motions between frames

    /// The levels of `settings` are a multiple of 4, as the MLP's inputs are of 16.
    MotionField(glm::vec3 box_min, glm::vec3 box_max, std::mt19937_64& random,
                const HashGridSettings& settings = {});

    /// The splats that all that follows moves, at least one; only their positions count. Parameters stay.
    void rebase(const SplatCloud& base);
    /// Positions and rotations of `moved`, of as many splats as the base, become the base's, moved; its other
    /// channels stay.
    void warp(SplatCloud& moved);
    /// After warp: the parameters' gradients from d loss / d positions and rotations of `moved`.
    void pull_back(const SplatCloud& d_moved);
    /// A step of Adam on all parameters, after pull_back.
    void step(float rate = kRate);
    void reset_moments();

    /// All but the base: rebase after reading.
    void fields(Archive& archive);

    HashGrid& grid() { return grid_; }
    Mlp& mlp() { return mlp_; }
    /// d loss / d grid's table, after pull_back; step works it out anew, level by level.
    std::vector<float> table_gradient() const { return grid_.gradient(d_encoded_); }

  private:
    glm::vec3 box_min_;
    float extent_;  ///< scene units
    HashGrid grid_;
    Mlp mlp_;
    SplatCloud base_;
    std::vector<float> encoded_, d_encoded_;
    std::vector<float> outputs_, d_outputs_;  ///< channel by channel
};

}  // namespace volumen::train
