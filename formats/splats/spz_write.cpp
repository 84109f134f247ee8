#include <algorithm>
#include <cmath>
#include <numbers>

#include "formats/core/bytes.h"
#include "formats/core/file.h"
#include "formats/splats/gzip.h"
#include "formats/splats/spz.h"
#include "formats/splats/spz_layout.h"

namespace volumen {
namespace {

using namespace spz;

constexpr std::uint32_t kVersion = 3;
/// What other writers give every file.
constexpr int kUsualFractionalBits = 12;
/// Steps from 0 to the largest coordinate, at least: a small scene has more fractional bits.
constexpr int kLeastStepBits = 16;

std::uint8_t byte_of(float value) {
    return std::uint8_t(std::clamp(std::round(value), 0.0f, 255.0f));
}

int fractional_bits(const SplatCloud& cloud, const std::filesystem::path& file) {
    float largest = 0;
    for (int a = 0; a < 3; ++a)
        for (const float v : cloud.channel(SplatCloud::kPosition + a))
            largest = std::max(largest, std::abs(v));
    int whole_bits = 0;  // largest < 2^whole_bits
    std::frexp(largest, &whole_bits);
    // One bit is the sign's; with another the largest may round up.
    const int most = kPositionBits - 2 - whole_bits;
    if (!std::isfinite(largest) || most < 0)
        throw InputError("{}: a position of {} is beyond what an .spz holds; write a .ply", file.string(),
                         largest);
    return std::min({std::max(kUsualFractionalBits, kLeastStepBits - whole_bits), most, kPositionBits});
}

/// Which of x y z w is the largest, in two bits, and the others with its sign.
std::uint32_t smallest_three(const SplatCloud& cloud, std::size_t i) {
    std::array<float, 4> q{};  // x y z w, the file's axes
    for (std::size_t k = 0; k < 3; ++k)
        q[k] = kAxisSign[k] * cloud.channel(SplatCloud::kRotation + 1 + int(k))[i];
    q[3] = cloud.channel(SplatCloud::kRotation)[i];
    float squares = 0;
    for (const float v : q) squares += v * v;
    const auto smaller = [](float a, float b) { return std::abs(a) < std::abs(b); };
    const std::size_t largest = std::size_t(std::max_element(q.begin(), q.end(), smaller) - q.begin());
    const float length = squares > 0 ? std::sqrt(squares) : 1;
    std::uint32_t code = std::uint32_t(largest);
    for (std::size_t k = 0; k < 4; ++k) {
        if (k == largest) continue;
        const float size = std::abs(q[k]) / length * std::numbers::sqrt2_v<float> * float(kRotationMax);
        code = code << 1 | std::uint32_t((q[k] < 0) != (q[largest] < 0));
        code = code << kRotationBits | std::min(kRotationMax, std::uint32_t(std::lround(size)));
    }
    return code;
}

}  // namespace

void write_spz(const std::filesystem::path& file, const SplatCloud& cloud) {
    const auto at = [&](int channel, std::size_t i) { return cloud.channel(channel)[i]; };
    const int bits = fractional_bits(cloud, file);
    ByteWriter out;
    out.u32(kMagic), out.u32(kVersion), out.u32(std::uint32_t(cloud.count));
    out.u8(std::uint8_t(cloud.sh_degree)), out.u8(std::uint8_t(bits)), out.u8(0), out.u8(0);
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int a = 0; a < 3; ++a) {
            const float v = kAxisSign[std::size_t(a)] * at(SplatCloud::kPosition + a, i);
            const std::uint32_t code = std::uint32_t(std::int32_t(std::lround(std::ldexp(v, bits))));
            for (int shift = 0; shift < kPositionBits; shift += 8) out.u8(std::uint8_t(code >> shift));
        }
    for (std::size_t i = 0; i < cloud.count; ++i)
        out.u8(byte_of(255 / (1 + std::exp(-at(SplatCloud::kOpacity, i)))));
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int c = 0; c < 3; ++c) out.u8(byte_of((at(SplatCloud::kSh + c, i) * kColourScale + 0.5f) * 255));
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int a = 0; a < 3; ++a)
            out.u8(byte_of((at(SplatCloud::kScale + a, i) - kLeastLogScale) * kLogScaleSteps));
    for (std::size_t i = 0; i < cloud.count; ++i) out.u32(smallest_three(cloud, i));
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int k = 1; k < sh_coefficients(cloud.sh_degree); ++k)
            for (int c = 0; c < 3; ++c)
                out.u8(byte_of(kShSign[std::size_t(k - 1)] * at(SplatCloud::kSh + 3 * k + c, i) * kShSteps +
                               kShZero));
    write_file(file, gzip(out.bytes()));
}

}  // namespace volumen
