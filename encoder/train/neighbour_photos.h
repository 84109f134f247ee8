// Depths of a view against the photos of its neighbours: where both show one point, they look alike.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "encoder/train/correlation.h"
#include "encoder/train/depth_terms.h"
#include "encoder/train/training_frame.h"

namespace volumen::train {

/// Most neighbours of a view: those on either side of it.
inline constexpr std::size_t kNeighbours = 2;
/// For each camera the others whose directions from `centre` differ from its own by at most `angle` degrees,
/// nearest first.
std::vector<std::vector<std::size_t>> close_neighbours(std::span<const Camera> cameras, glm::vec3 centre,
                                                       float angle);

/// How little a view's photo agrees with those of its neighbours when these are carried over by the view's
/// depths: the photo-consistency of multi-view stereo, as a term that is descended.
class NeighbourPhotos {
  public:
    /// The neighbours are those of close_neighbours. `unit`: the subject's extent, in the world's units.
    /// `frame` must outlive this.
    NeighbourPhotos(const TrainingFrame& frame, glm::vec3 centre, float unit, float angle);

    /// Whether any view has a neighbour.
    bool any() const;

    /// Mean over the pixels whose depth is known of 1 - NCC of the windows around them (WindowCorrelation),
    /// of the neighbour that agrees best; windows that agree with none say nothing. A neighbour is asked
    /// where it sees the pixel's point: inside of its image and mask, and at the depth that it had itself
    /// when it was last `view`; before that it is not asked. Adds weight · d term / d z to `d_z`, one a
    /// pixel; returns weight · term. `view` is the index in the frame.
    float operator()(std::size_t view, const DepthImage& depth, float weight, std::span<float> d_z);

  private:
    /// A neighbour's photo where the view's depths say that it belongs.
    struct Carried {
        std::vector<float> grey, slope;  ///< slope: d grey / d z
        std::vector<float> seen;         ///< 1 where the neighbour sees the pixel's point, else 0
        std::vector<float> weight, d_grey;
        WindowCorrelation correlation;
        std::span<const float> cost;
    };
    void carry(std::size_t view, std::size_t neighbour, const DepthImage& depth, Carried& out) const;

    const TrainingFrame& frame_;
    float unit_;
    std::vector<std::vector<std::size_t>> neighbours_;  ///< of each view
    std::vector<std::vector<float>> grey_;              ///< of each view
    std::vector<DepthImage> depths_;                    ///< of each view, when it was last asked for
    std::array<Carried, kNeighbours> carried_;
};

}  // namespace volumen::train
