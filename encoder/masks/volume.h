// What the masks of several views agree on in space.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/core/camera.h"
#include "formats/core/take_info.h"

namespace volumen::masks {

enum class Label : std::uint8_t { background, performer, unsure };

/// One view's labels of one frame, width × height.
struct LabelledView {
    Camera camera;
    std::vector<Label> labels;
};

/// What the other views say of a pixel's ray.
enum class Support : std::uint8_t {
    unjudged,  ///< fewer than two others look there
    none,      ///< nowhere on it, nor close by, does the performer fit the others' labels
    some,      ///< somewhere on it or close by
    inside,    ///< along a stretch of it, if as many of them err as may
    sure,      ///< along a stretch of it, with hardly a view against it
};

/// Votes voxels in and out, tolerant of a few views being wrong.
class Volume {
  public:
    /// Where to look: a cube.
    Volume(glm::vec3 centre, float radius) : centre_(centre), radius_(radius) {}
    /// The cube around a take's first bounds, and somewhat more.
    static Volume around(const TakeInfo& info);

    /// For each view, the support of each of its pixels by the other views' labels alone.
    std::vector<std::vector<Support>> support(std::span<const LabelledView> views);

    /// Voxels that all views together voted in, in the last call: 0 says that the masks agree on no volume.
    std::size_t filled() const { return filled_; }

  private:
    glm::vec3 centre_;
    float radius_;
    std::size_t filled_ = 0;
};

}  // namespace volumen::masks
