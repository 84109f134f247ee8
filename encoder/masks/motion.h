// Backgrounds learnt from the take itself: what a still camera's pixel shows whenever the performer is
// elsewhere.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "encoder/masks/background.h"
#include "encoder/masks/volume.h"

namespace volumen::masks {

/// The colours that each pixel of a view showed more than once, and what the other views say about the
/// moments when it did.
class ColourHistory {
  public:
    /// `frames`: sample_view; at least two.
    explicit ColourHistory(const std::vector<Image8>& frames);

    /// Share of the pixels that never changed.
    float still_share() const;
    /// Forgets what observe() told, for a better informed round.
    void forget();
    /// The other views' word on the pixels of one image of this view.
    void observe(const Image8& image, const std::vector<Support>& support);
    /// The background as far as it is known by now: of each pixel the colour that it had when its ray was
    /// freest; before any observe(), the commonest. Where a performer sways on the spot that colour never
    /// goes, but trembles more than noise does: such pixels are doubtful until the other views have spoken.
    Background background() const;

  private:
    static constexpr int kColours = 3;
    struct Colour {
        std::array<std::uint8_t, 3> rgb{};
        std::uint8_t looseness = 0;  ///< variance of those samples over that of noise, in sixteenths
        std::uint8_t count = 0;      ///< samples that showed it; 0: none
        /// Moments when it showed, and the sum over them of how free the ray was: in hundredths.
        std::uint8_t asked = 0;
        std::uint16_t freedom = 0;
    };
    using Pixel = std::array<Colour, kColours>;

    void gather(const std::vector<Image8>& frames, std::size_t pixel);
    float distance(const Colour& colour, const std::uint8_t* rgb) const;
    bool still(const Pixel& pixel) const;
    bool compact(const Colour& colour) const;
    const Colour* choose(std::size_t pixel) const;
    void judge_unrest();

    enum class Rest : std::uint8_t {
        plain,     ///< no more than noise, but there is nothing there that could show it
        textured,  ///< no more than noise, where the least sway would show: surely not a living being
        restless,  ///< more than noise
    };

    int width_, height_, samples_;
    float usual_ = 1;  ///< unrest of what is still: what the noise model missed, such as compression
    NoiseModel noise_;
    std::vector<Pixel> pixels_;
    /// Of each pixel, whatever colour it had: moments asked about, and how free its ray was on the whole.
    std::vector<std::array<std::uint16_t, 2>> moments_;
    std::vector<float> unrest_;  ///< variance of a still pixel over that of noise; 0: the pixel is not still
    std::vector<Rest> rest_;     ///< the same, judged over a neighbourhood's still pixels
    bool observed_ = false;
};

/// Of each view, from a bounded number of frames spread over the capture. `progress`: share done. With
/// `only_if_moving`, nothing where there are too few frames, where the images change everywhere (cameras that
/// are not still) or nowhere. Throws InputError where the capture has one frame only.
std::optional<std::vector<Background>> learn_backgrounds(const Capture& capture,
                                                         const std::vector<int>& views, bool only_if_moving,
                                                         const std::function<void(double)>& progress = {});

}  // namespace volumen::masks
