// Which device decodes a stream's videos, and what is said where none can. Knows nothing of FFmpeg: tested
// with devices made up.
#pragma once

#include <limits>
#include <span>
#include <string>

namespace volumen {

/// What a video asks of a decoder.
struct DecoderNeed {
    std::string codec;  ///< "H.264", "HEVC", "AV1"
    int width = 0, height = 0;
};

/// What one device of the machine offers for the codec.
struct DeviceOffer {
    std::string device;   ///< "cuda", "vaapi", "vulkan"
    std::string trouble;  ///< why it cannot decode at all; empty: it can
    int min_width = 0, min_height = 0;
    int max_width = std::numeric_limits<int>::max(), max_height = std::numeric_limits<int>::max();
};

struct DecoderChoice {
    static constexpr int kSoftware = -1;
    int offer = kSoftware;  ///< index of the device that decodes
    std::string note;       ///< a line for the user on what cannot decode and why; empty: nothing to tell
};

/// The first device that can. `asked_for`: the user named the device; else those that a machine simply does
/// not have are not told.
DecoderChoice choose_decoder(const DecoderNeed& need, std::span<const DeviceOffer> offers, bool asked_for);

/// The line where a device was chosen and then refused the video, or failed at its first picture.
std::string refusal_note(const DecoderNeed& need, const std::string& device, const std::string& reason);

}  // namespace volumen
