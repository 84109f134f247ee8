// The splat that the user asked about.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "formats/stream/reader.h"
#include "player/inspect/pick.h"

namespace volumen {

/// A splat as it is in a frame.
struct PickedSplat {
    std::vector<std::uint32_t> splats;  ///< it, and its neighbours when it was picked
    SplatCloud cloud;                   ///< these, as they are in the frame
    int frame = 0;                      ///< of the take
    Hit hit;                            ///< of the pixel that was asked about
    std::size_t layers = 0;             ///< splats that this pixel showed
    Ellipse ellipse;                    ///< in the picture that is on screen
};

class Picker {
  public:
    const std::optional<PickedSplat>& picked() const { return picked_; }

    /// The splat that shows most of a point of the picture; false, and nothing is picked any more, where none
    /// shows. Waits for the device.
    bool pick(Renderer& renderer, const Camera& camera, const RenderSettings& settings, glm::dvec2 point,
              int frame);
    /// It follows its frame, which the renderer has, and the camera. It ends with its segment, where splats
    /// become others, and where it comes too near. Waits for the device where the frame is another one.
    void follow(Renderer& renderer, const Camera& camera, const RenderSettings& settings, int frame,
                std::span<const SegmentInfo> segments);

  private:
    std::optional<PickedSplat> picked_;
};

}  // namespace volumen
