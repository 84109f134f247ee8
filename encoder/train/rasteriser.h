// The differentiable rasteriser of the `cpu` back end: 3DGS's image model, tile-parallel, SIMD.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "formats/core/camera.h"
#include "formats/core/image.h"
#include "formats/splats/cloud.h"

namespace volumen::train {

/// What the three planes of the image show.
enum class Draws : char {
    kColour,
    kDepth,  ///< Σ w t, Σ w t² and 0: moments of the depth, with t = (z - depth_origin) / depth_unit of
             ///< centres
};

struct RasterSettings {
    Draws draws = Draws::kColour;
    float depth_origin = 0, depth_unit = 1;  ///< of Draws::kDepth
    glm::vec3 background{1};
    int sh_degree = kMaxShDegree;  ///< evaluated up to this degree, or the cloud's where that is lower
    float dilation = 0.3f;         ///< pixels², added to the diagonal of the projected covariance
    bool compensate =
        false;  ///< scale opacity by sqrt(det before / det after dilation), as Mip-Splatting does
};

/// Where the time of the last forward and backward went, and how much there was to do.
struct RasterProfile {
    double project_ms = 0, bin_ms = 0, blend_ms = 0;        ///< of forward
    double blend_backward_ms = 0, project_backward_ms = 0;  ///< of backward
    std::size_t entries = 0;                                ///< splats in the lists of the tiles
    std::size_t pairs = 0;  ///< (pixel, splat) pairs that backward evaluates; forward a few more
};

/// Renders a cloud and carries gradients back. Alpha is clipped at 0.99 and cut below 1/255; front to back
/// "over", sorted by the depth of the centre (ties by index), until a pixel's transmittance would fall below
/// 1e-4. Splats nearer than 0.05 units are left out, and so are those with values that are not finite; the
/// Jacobian of one whose centre lies beyond 1.3 times the frustum's tangent is that of the clamped direction,
/// as in the 3DGS reference. Deterministic: the same call gives the same bits, on any number of threads.
class Rasteriser {
  public:
    Rasteriser();
    ~Rasteriser();

    /// Renders; the image is valid until the next call. `cloud` and `camera` must outlive backward().
    const PlanarImage& forward(const SplatCloud& cloud, const Camera& camera, const RasterSettings& settings);
    /// Coverage 1 - T of the last forward, width × height.
    std::span<const float> alpha() const;

    /// Given d loss / d image (and, if not empty, d loss / d coverage), *overwrites* `gradients` (reshaped
    /// like the cloud) with d loss / d parameter.
    void backward(const PlanarImage& d_image, std::span<const float> d_alpha, SplatCloud& gradients);

    /// After forward: projected radius in pixels, 3 σ of the longer axis (0: not visible), one a splat.
    std::span<const float> radii() const;
    /// After backward: |d loss / d centre on the image| in pixels of the view, one a splat (0 where not
    /// visible).
    std::span<const float> screen_gradients() const;
    /// After backward: Σ over pixels of the splat's blending weight (alpha · T), one a splat.
    std::span<const float> weights() const;

    RasterProfile profile() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace volumen::train
