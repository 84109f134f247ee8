#include "formats/splats/splat.h"

#include <algorithm>
#include <cmath>

#include "formats/core/bytes.h"
#include "formats/splats/alpha.h"

namespace volumen {

SplatCloud parse_splat(std::span<const std::uint8_t> bytes, const std::string& name) {
    constexpr std::size_t kSplatBytes = 32;
    if (bytes.size() % kSplatBytes)
        throw InputError(
            "{}: {} bytes are no whole number of {}-byte splats; the file is truncated or no .splat", name,
            bytes.size(), kSplatBytes);
    if (bytes.size() / kSplatBytes > kMaxSplats)
        throw InputError("{}: {} splats, but at most {} are accepted", name, bytes.size() / kSplatBytes,
                         kMaxSplats);
    SplatCloud cloud(bytes.size() / kSplatBytes, 0);
    ByteReader in(bytes, name);
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const auto put = [&](int channel, float value) { cloud.channel(channel)[i] = value; };
        for (int a = 0; a < 3; ++a) put(SplatCloud::kPosition + a, in.f32());
        for (int a = 0; a < 3; ++a) put(SplatCloud::kScale + a, std::log(in.f32()));
        for (int c = 0; c < 3; ++c) put(SplatCloud::kSh + c, (float(in.u8()) / 255 - 0.5f) / kShConstant);
        put(SplatCloud::kOpacity, logit_of_byte(in.u8()));
        for (int q = 0; q < 4; ++q) put(SplatCloud::kRotation + q, (float(in.u8()) - 128) / 128);
    }
    return cloud;
}

}  // namespace volumen
