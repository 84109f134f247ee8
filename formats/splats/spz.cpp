#include "formats/splats/spz.h"

#include <zstd.h>

#include <array>
#include <cmath>
#include <numbers>

#include "formats/core/bytes.h"
#include "formats/splats/alpha.h"
#include "formats/splats/gzip.h"
#include "formats/splats/spz_layout.h"

namespace volumen {
namespace {

using namespace spz;

constexpr std::uint8_t kHasExtensions = 2;
/// Adobe's, which says the axes; as all others it is `type, size, bytes`.
constexpr std::uint32_t kAxesExtension = 0xadbe0003, kUnspecifiedAxes = 0, kRightUpBack = 4;
/// What else is known of extensions takes a few dozen bytes.
constexpr std::uint64_t kMaxExtensionBytes = 64 << 10;
/// Niantic's own reader takes no splats that compress better than this.
constexpr std::uint64_t kLargestRatio = 1024;

struct Header {
    std::uint32_t version = 0;
    std::size_t count = 0;
    int sh_degree = 0, fractional_bits = 0;
    bool has_extensions = false;

    /// Bytes of a splat: positions, alpha, colours, log-scales, rotation, SH.
    std::array<std::size_t, 6> attribute_bytes() const {
        return {9, 1, 3, 3, version == 2 ? 3u : 4u, sh_values(sh_degree)};
    }
    std::size_t splat_bytes() const {
        std::size_t sum = 0;
        for (const std::size_t bytes : attribute_bytes()) sum += bytes;
        return sum;
    }
};

/// What all versions begin with.
Header parse_header(ByteReader& in, const std::string& name) {
    Header h;
    if (in.u32() != kMagic) throw InputError("{}: no .spz file: gzip, but without the magic NGSP", name);
    h.version = in.u32();
    const std::uint32_t count = in.u32();
    if (count > kMaxSplats)
        throw InputError("{}: {} splats, but at most {} are accepted", name, count, kMaxSplats);
    h.count = count;
    h.sh_degree = in.u8();
    if (h.sh_degree > kMaxShDegree)
        throw InputError("{}: SH degree {}; at most {} is read: save it with a lower degree", name,
                         h.sh_degree, kMaxShDegree);
    h.fractional_bits = in.u8();
    if (h.fractional_bits > kPositionBits)
        throw InputError("{}: {} fractional bits in positions of {}; the header is damaged", name,
                         h.fractional_bits, kPositionBits);
    h.has_extensions = in.u8() & kHasExtensions;
    return h;
}

[[noreturn]] void refuse_version(const Header& header, const std::string& name) {
    throw InputError("{}: .spz version {}; this build reads 2 to 4, or a 3DGS .ply", name, header.version);
}

void check_extensions(std::span<const std::uint8_t> bytes, const std::string& name) {
    ByteReader in(bytes, name);
    while (in.remaining()) {
        const std::uint32_t type = in.u32();
        ByteReader content(in.take(in.u32()), name);
        if (type != kAxesExtension) continue;
        const std::uint32_t axes = content.u32();
        if (axes != kRightUpBack && axes != kUnspecifiedAxes)
            throw InputError(
                "{}: an .spz with axes of its own (number {}); save it without that extension, or "
                "as a 3DGS .ply",
                name, axes);
    }
}

struct Contents {
    Header header;
    Bytes attributes;  ///< one after the other
};

/// Versions 2 and 3.
Contents inflate_contents(std::span<const std::uint8_t> bytes, const std::string& name) {
    GzipReader gzip(bytes, name);
    const Bytes head = gzip.take(kHeaderBytes);
    ByteReader in(head, name);
    Contents out{parse_header(in, name), {}};
    if (out.header.version != 2 && out.header.version != 3) refuse_version(out.header, name);
    out.attributes = gzip.take(out.header.count * out.header.splat_bytes());
    if (out.header.has_extensions) check_extensions(gzip.take_rest(kMaxExtensionBytes), name);
    gzip.finish();
    return out;
}

/// Version 4.
Contents decompress_contents(std::span<const std::uint8_t> bytes, const std::string& name) {
    ByteReader in(bytes, name);
    Contents out{parse_header(in, name), {}};
    if (out.header.version != 4) refuse_version(out.header, name);
    std::size_t streams = in.u8();
    const std::uint32_t table_begin = in.u32();
    constexpr std::size_t kReserved = 12;
    in.take(kReserved);
    if (table_begin < in.position())
        throw InputError("{}: its table of sizes begins in the header; the header is damaged", name);
    const auto extensions = in.take(table_begin - in.position());
    if (out.header.has_extensions) check_extensions(extensions, name);
    if (out.header.count * out.header.splat_bytes() / kLargestRatio > bytes.size())
        throw InputError("{}: truncated: {} bytes cannot hold the {} splats that its header speaks of", name,
                         bytes.size(), out.header.count);

    constexpr std::size_t kSizesBytes = 16;
    ByteReader table(in.take(streams * kSizesBytes), name);
    out.attributes.resize(out.header.count * out.header.splat_bytes());
    std::span<std::uint8_t> to = out.attributes;
    for (const std::size_t splat_bytes : out.header.attribute_bytes()) {
        const std::size_t size = out.header.count * splat_bytes;
        if (size == 0) continue;  // it has no stream
        if (streams-- == 0) throw InputError("{}: lacks a stream; the header is damaged", name);
        const std::uint64_t stored = table.u64(), raw = table.u64();
        const auto from = in.take(stored);
        if (raw != size || ZSTD_decompress(to.data(), size, from.data(), from.size()) != size)
            throw InputError("{}: one of its streams does not have {} bytes; the file is damaged", name,
                             size);
        to = to.subspan(size);
    }
    if (streams || in.remaining())
        throw InputError("{}: longer than its header says; the header is damaged", name);
    return out;
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
/// with a sign bit above their size.
std::array<float, 4> smallest_three(ByteReader& in) {
    std::uint32_t code = in.u32();
    const std::size_t largest = code >> 30;
    std::array<float, 4> q{};  // x y z w
    float squares = 0;
    for (std::size_t k = 4; k-- > 0;) {
        if (k == largest) continue;
        q[k] = float(code & kRotationMax) / float(kRotationMax) / std::numbers::sqrt2_v<float>;
        squares += q[k] * q[k];
        if (code >> kRotationBits & 1) q[k] = -q[k];
        code >>= kRotationBits + 1;
    }
    q[largest] = std::sqrt(std::max(0.0f, 1 - squares));
    return q;
}

std::int32_t signed_24_bits(ByteReader& in) {
    const auto b = in.take(3);
    const std::int32_t value = b[0] | b[1] << 8 | b[2] << 16;
    return value < 1 << 23 ? value : value - (1 << 24);
}

bool begins_with_magic(std::span<const std::uint8_t> bytes) {
    return bytes.size() >= 4 && ByteReader(bytes, "").u32() == kMagic;
}

}  // namespace

SplatCloud parse_spz(std::span<const std::uint8_t> bytes, const std::string& name) {
    const auto [header, attributes] =
        begins_with_magic(bytes) ? decompress_contents(bytes, name) : inflate_contents(bytes, name);

    ByteReader in(attributes, name);
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
        for (int a = 0; a < 3; ++a)
            put(SplatCloud::kScale + a, i, float(in.u8()) / kLogScaleSteps + kLeastLogScale);
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
                    kShSign[std::size_t(k)] * (float(in.u8()) - kShZero) / kShSteps);
    return cloud;
}

}  // namespace volumen
