// Each camera's own exposure and white balance, learnt beside the splats and left out of the model.
#pragma once

#include <array>
#include <glm/glm.hpp>
#include <span>
#include <string>
#include <vector>

#include "encoder/train/archive.h"
#include "formats/core/image.h"

namespace volumen::train {

/// `automatic`: cameras that differ from the rig are compensated, the others left alone; `on`: all are.
enum class ColourMode { off, automatic, on };

/// "off", "auto", "on"; throws UsageError otherwise.
ColourMode colour_mode(const std::string& name);

/// What a camera makes of a colour: gain · colour + offset, channel by channel, display-referred.
struct ColourAffine {
    glm::vec3 gain{1}, offset{0};
    /// The largest change of a mid-grey's channels, as a share of it.
    float strength() const;
};

/// What a view shows in proportion to the model: the median over pixels of truth / render, channel by
/// channel.
struct ColourRatio {
    int view = 0;  ///< index in the capture's file
    glm::vec3 ratio{1};
};

/// Where both are opaque (or everywhere without coverage) and `weight`, if any, is not 0. Both images are
/// over the same background. 1 where too little is seen.
glm::vec3 colour_ratio(const PlanarImage& truth, std::span<const float> truth_alpha,
                       const PlanarImage& render, std::span<const float> coverage,
                       std::span<const float> weight);

/// The affines of a rig's cameras. A render passes through its camera's before it is compared, so that the
/// splats keep the colours that the rig agrees on. The affine is of the performer alone: premultiplied by
/// coverage, it leaves what shows of the background as it is. Gauge: the cameras that are left alone, or,
/// where all are compensated, their median: each channel's gain 1, its offset 0.
class CameraColour {
  public:
    explicit CameraColour(ColourMode mode = ColourMode::off) : mode_(mode) {}

    /// Whether judge() has to see the view before it is known what to do with it.
    bool wants(int view) const;
    /// Decides which of the views not judged before are compensated, by how far their ratios are from the
    /// median of all of `ratios`, and where their affines start. `ratios` are of a model that was trained
    /// without colours that depend on the direction: a ring of cameras whose gains differ could pass for
    /// gloss.
    void judge(const std::vector<ColourRatio>& ratios);

    /// Whether renders of this view change.
    bool compensates(int view) const;
    ColourAffine affine(int view) const;
    /// Compensates a view, starting there.
    void start(int view, const ColourAffine& affine);

    /// out = gain · (render - behind) + offset · coverage + behind, where behind = (1 - coverage) background.
    /// `coverage` is the render's, one a pixel; empty: the whole image is the camera's (no masks).
    void apply(int view, const PlanarImage& render, std::span<const float> coverage, glm::vec3 background,
               PlanarImage& out) const;
    /// Turns d loss / d out into d loss / d render, in place, and d loss / d coverage (left empty without
    /// coverage); keeps d loss / d affine for step().
    void backward(int view, const PlanarImage& render, std::span<const float> coverage, glm::vec3 background,
                  PlanarImage& d_image, std::vector<float>& d_coverage);
    /// d loss / d (log gain, offset), channel by channel, of the last backward().
    const std::array<float, 6>& gradient() const { return gradient_; }
    /// One step of Adam on the view's affine along gradient() and a pull towards the identity.
    void step(int view, float rate);

    /// What lives from frame to frame.
    void fields(Archive& archive);

  private:
    struct Learnt {
        int judged = 0, kept = 0;                         ///< booleans
        std::array<float, 6> value{}, first{}, second{};  ///< log gain, offset; Adam's moments
        int steps = 0;
    };
    Learnt& camera(int view);
    void fix_gauge();

    ColourMode mode_;
    std::vector<Learnt> cameras_;  ///< by view, as far as views were met
    std::array<float, 6> gradient_{};
};

}  // namespace volumen::train
