// What a still camera sees when nobody is there.
#pragma once

#include <vector>

#include "encoder/masks/noise.h"
#include "formats/capture/capture.h"

namespace volumen::masks {

/// Whether a pixel's background has been seen.
enum class Known : std::uint8_t {
    never,     ///< always hidden by the performer
    doubtful,  ///< a colour is there; whether it is the background's or a performer's who never moved, is
               ///< open
    known,
};

struct Background {
    int width = 0, height = 0;
    std::vector<float> colour;    ///< interleaved RGB, 8-bit levels
    std::vector<float> variance;  ///< of the estimate in `colour`, levels², one a pixel
    std::vector<Known> known;     ///< one a pixel
    NoiseModel noise;             ///< of one image

    std::size_t area() const { return std::size_t(width) * std::size_t(height); }
    /// Of the pixels, how many were ever seen free.
    float known_share() const;
    /// Of a pixel of an image that shows this background, per channel, levels².
    float variance_at(std::size_t pixel, int channel) const {
        return noise.variance(colour[3 * pixel + std::size_t(channel)]) + variance[pixel];
    }
};

/// Frames of one view, evenly spread over the capture. Absent ones are left out.
std::vector<Image8> sample_view(const Capture& capture, int view, int count);

/// All views of one frame, by random access; what cannot be read is absent.
CaptureFrame read_frame(const Capture& capture, const std::vector<int>& views, int frame);

/// How many frames sample_view may keep at once for images of this size.
int sample_count(int width, int height, int frames);

/// From a photograph of the empty set. Where the frames show the same, they make it less noisy; a difference
/// in exposure between it and them (one gain a channel) is taken out.
Background background_from_plate(const ViewImage& plate, const std::vector<Image8>& frames);

}  // namespace volumen::masks
