#include "formats/splats/spz.h"

#include <array>
#include <cmath>
#include <numbers>

#include "formats/core/bytes.h"
#include "formats/splats/alpha.h"
#include "formats/splats/gzip.h"

namespace volumen {
namespace {

constexpr std::uint32_t kMagic = 0x5053474e;
constexpr std::size_t kHeaderBytes = 16;
/// Positions have 24 bits.
constexpr int kMaxFractionalBits = 24;
constexpr std::uint8_t kHasExtensions = 2;
/// Colour 0 … 255 spans this many units of the base coefficient, divided by it.
constexpr float kColourScale = 0.15f;

/// Turning right-up-back to right-down-forward is half a turn about x: y, z and what is odd in y and z
/// together changes its sign.
constexpr std::array<float, 3> kAxisSign{1, -1, -1};
constexpr std::array<float, 15> kShSign{-1, -1, 1,                  // y, z, x
                                        -1, 1,  1,  -1, 1,          // xy, yz, 3z²-1, xz, x²-y²
                                        -1, 1,  -1, -1, 1, -1, 1};  // y(3x²-y²), xyz, y(5z²-1), z(5z²-3), …

struct Header {
    std::uint32_t version = 0;
    std::size_t count = 0;
    int sh_degree = 0, fractional_bits = 0;
    std::size_t rotation_bytes() const { return version == 2 ? 3 : 4; }
    std::size_t sh_values() const { return 3 * std::size_t(sh_coefficients(sh_degree) - 1); }
};

Header parse_header(std::span<const std::uint8_t> bytes, const std::string& name) {
    ByteReader in(bytes, name);
    Header h;
    if (in.u32() != kMagic) throw InputError("{}: no .spz file: gzip, but without the magic NGSP", name);
    h.version = in.u32();
    if (h.version != 2 && h.version != 3)
        throw InputError("{}: .spz version {}; this build reads 2 and 3, or a 3DGS .ply", name, h.version);
    const std::uint32_t count = in.u32();
    if (count > kMaxSplats)
        throw InputError("{}: {} splats, but at most {} are accepted", name, count, kMaxSplats);
    h.count = count;
    h.sh_degree = in.u8();
    if (h.sh_degree > kMaxShDegree)
        throw InputError("{}: SH degree {}; at most {} is read: save it with a lower degree", name,
                         h.sh_degree, kMaxShDegree);
    h.fractional_bits = in.u8();
    if (h.fractional_bits > kMaxFractionalBits)
        throw InputError("{}: {} fractional bits in positions of {}; the header is damaged", name,
                         h.fractional_bits, kMaxFractionalBits);
    if (in.u8() & kHasExtensions)
        throw InputError("{}: an .spz with extensions; save it without them, or as a 3DGS .ply", name);
    return h;
}

/// x, y, z of the rotation as bytes; w is the positive rest.
std::array<float, 4> first_three(ByteReader& in) {
    std::array<float, 4> q{};  // x y z w
    float squares = 0;
    for (std::size_t k = 0; k < 3; ++k) {
        q[k] = float(in.u8()) / 127.5f - 1;
        squares += q[k] * q[k];
    }
    q[3] = std::sqrt(std::max(0.0f, 1 - squares));
    return q;
}

/// Two bits say which of x y z w is the largest and follows from the others, which come, the last lowest,
/// with a sign bit and 9 bits of their size over 1 / √2.
std::array<float, 4> smallest_three(ByteReader& in) {
    constexpr std::uint32_t kMagnitude = (1u << 9) - 1;
    std::uint32_t code = in.u32();
    const std::size_t largest = code >> 30;
    std::array<float, 4> q{};  // x y z w
    float squares = 0;
    for (std::size_t k = 4; k-- > 0;) {
        if (k == largest) continue;
        q[k] = float(code & kMagnitude) / float(kMagnitude) / std::numbers::sqrt2_v<float>;
        squares += q[k] * q[k];
        if (code >> 9 & 1) q[k] = -q[k];
        code >>= 10;
    }
    q[largest] = std::sqrt(std::max(0.0f, 1 - squares));
    return q;
}

std::int32_t signed_24_bits(ByteReader& in) {
    const auto b = in.take(3);
    const std::int32_t value = b[0] | b[1] << 8 | b[2] << 16;
    return value < 1 << 23 ? value : value - (1 << 24);
}

}  // namespace

SplatCloud parse_spz(std::span<const std::uint8_t> bytes, const std::string& name) {
    GzipReader gzip(bytes, name);
    const Header header = parse_header(gzip.take(kHeaderBytes), name);
    // positions 9, alpha 1, colour 3, scales 3
    const std::size_t splat_bytes = 16 + header.rotation_bytes() + header.sh_values();
    const std::vector<std::uint8_t> body = gzip.take(header.count * splat_bytes);
    gzip.finish();

    ByteReader in(body, name);
    SplatCloud cloud(header.count, header.sh_degree);
    const auto put = [&](int channel, std::size_t i, float value) { cloud.channel(channel)[i] = value; };
    const float unit = std::ldexp(1.0f, -header.fractional_bits);
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int a = 0; a < 3; ++a)
            put(SplatCloud::kPosition + a, i, kAxisSign[std::size_t(a)] * float(signed_24_bits(in)) * unit);
    for (std::size_t i = 0; i < cloud.count; ++i) put(SplatCloud::kOpacity, i, logit_of_byte(in.u8()));
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int c = 0; c < 3; ++c) put(SplatCloud::kSh + c, i, (float(in.u8()) / 255 - 0.5f) / kColourScale);
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int a = 0; a < 3; ++a) put(SplatCloud::kScale + a, i, float(in.u8()) / 16 - 10);
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const std::array<float, 4> q = header.version == 2 ? first_three(in) : smallest_three(in);
        put(SplatCloud::kRotation, i, q[3]);
        for (int a = 0; a < 3; ++a)
            put(SplatCloud::kRotation + 1 + a, i, kAxisSign[std::size_t(a)] * q[std::size_t(a)]);
    }
    const int rest = sh_coefficients(header.sh_degree) - 1;
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int k = 0; k < rest; ++k)
            for (int c = 0; c < 3; ++c)
                put(SplatCloud::kSh + 3 * (k + 1) + c, i,
                    kShSign[std::size_t(k)] * (float(in.u8()) - 128) / 128);
    return cloud;
}

}  // namespace volumen
