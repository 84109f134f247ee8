#include "formats/splats/webp.h"

#include <webp/decode.h>

#include "formats/core/error.h"

namespace volumen {

Image8 decode_lossless_webp(std::span<const std::uint8_t> bytes, std::uint64_t max_pixels,
                            const std::string& name) {
    constexpr int kLossless = 2;  // of WebPBitstreamFeatures::format
    constexpr int kChannels = 4;
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK)
        throw InputError("{}: no WebP image, or a truncated one", name);
    if (features.has_animation) throw InputError("{}: an animated WebP; save it as a still image", name);
    if (features.format != kLossless)
        throw InputError("{}: a lossy WebP; its numbers are lost, save it lossless", name);
    if (std::uint64_t(features.width) * std::uint64_t(features.height) > max_pixels)
        throw InputError("{}: {}x{} pixels, but at most {} are accepted", name, features.width,
                         features.height, max_pixels);
    Image8 image(features.width, features.height, kChannels);
    if (!WebPDecodeRGBAInto(bytes.data(), bytes.size(), image.pixels.data(), image.pixels.size(),
                            image.width * kChannels))
        throw InputError("{}: a damaged or truncated WebP image", name);
    return image;
}

}  // namespace volumen
