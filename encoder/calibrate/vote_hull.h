// A visual hull that a few wrong masks do not carve away, and what each view would see of it.
#pragma once

#include "encoder/calibrate/samples.h"

namespace volumen {

/// Voxels around the subject of one moment, with the number of views that have each in their picture and that
/// have it outside of their mask.
class VoteHull {
  public:
    /// `offsets`: how late each view of the samples is. About `resolution` voxels on the longest side.
    VoteHull(const Samples& samples, int frame, const std::vector<int>& offsets, int resolution = 64);

    /// Voxels that at most `tolerance` of the views deny and that at least half of the views (and two) see;
    /// with `without`, a view's vote does not count.
    bool in(std::size_t voxel, int tolerance) const {
        return votes_[voxel].seen >= needed_ && votes_[voxel].outside <= tolerance;
    }
    bool in_without(std::size_t voxel, int tolerance, std::size_t view) const;

    bool empty(int tolerance) const;
    /// The silhouette of the hull of the other views, as `view` would see it, one byte a pixel.
    std::vector<std::uint8_t> silhouette(std::size_t view, int tolerance) const;
    /// The silhouette of the hull of all, for a camera of any size.
    std::vector<std::uint8_t> silhouette_of_all(const Camera& camera, int tolerance) const;

    glm::vec3 origin{0};
    float cell = 0;
    glm::ivec3 size{0};
    std::size_t voxels() const { return votes_.size(); }
    std::size_t index(glm::ivec3 p) const {
        return (std::size_t(p.z) * std::size_t(size.y) + std::size_t(p.y)) * std::size_t(size.x) +
               std::size_t(p.x);
    }
    glm::vec3 centre(std::size_t voxel) const {
        const std::size_t x = voxel % std::size_t(size.x), rest = voxel / std::size_t(size.x);
        return origin +
               (glm::vec3(float(x), float(rest % std::size_t(size.y)), float(rest / std::size_t(size.y))) +
                0.5f) *
                   cell;
    }

  private:
    enum class Vote { unseen, outside, inside };
    Vote vote(std::size_t view, glm::vec3 p, float reach) const;
    void count(float reach);
    template <class In>
    std::vector<std::uint8_t> draw(const Camera& camera, const In& in) const;

    struct Votes {
        std::uint16_t seen = 0, outside = 0;
    };
    const Samples& samples_;
    std::vector<const SmallPicture*> pictures_;  ///< one a view; null: has none of this moment
    std::vector<Votes> votes_;
    int needed_ = 2;
};

/// Intersection over union of a mask and a silhouette; 1 where both are empty.
double overlap(const std::vector<std::uint8_t>& mask, const std::vector<std::uint8_t>& silhouette);

}  // namespace volumen
