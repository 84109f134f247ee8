// Densification and pruning, within a budget.
#pragma once

#include <random>
#include <vector>

#include "encoder/train/adam.h"
#include "encoder/train/rasteriser.h"

namespace volumen::train {

/// Watches how hard the image pulls at each splat's centre, then clones or splits the most pulled (3DGS,
/// §5.2) and prunes what nobody sees. Opacities of copies follow Bulò et al. 2024: two copies together cover
/// what one did.
class Densifier {
  public:
    struct Settings {
        std::size_t budget = 10'000;
        float growth = 0.25f;          ///< at most this share of new splats a pass
        float opacity_floor = 0.005f;  ///< pruned below
        float split_above = 0.01f;     ///< largest axis, in extents: split above, clone below
        float prune_above = 0.5f;      ///< largest axis, in extents
        float extent = 1;
        std::vector<char> doomed;  ///< pruned as well, one a splat; empty: none
    };

    /// After each backward().
    void observe(const Rasteriser& rasteriser);
    /// Prunes, then grows; moments in `adam` follow. Forgets what was observed.
    void run(SplatCloud& cloud, Adam& adam, const Settings& settings, std::mt19937_64& random);

  private:
    std::vector<float> pull_;
    std::vector<int> seen_;
};

}  // namespace volumen::train
