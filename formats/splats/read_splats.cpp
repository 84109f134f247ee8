#include "formats/splats/read_splats.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/splats/ply.h"
#include "formats/splats/sog.h"
#include "formats/splats/splat.h"
#include "formats/splats/spz.h"

namespace volumen {
namespace {

/// The largest PLY: kMaxSplats of SH degree 3 in doubles, with normals; the other kinds are smaller.
constexpr std::uint64_t kMaxFileBytes = kMaxSplats * 62 * sizeof(double) + (64 << 10);
/// FORMAT.md's limit for every float of a stream.
constexpr float kLargestValue = 1e9f;
/// e²⁰ units: no scene has such splats.
constexpr float kLargestLogScale = 20;
/// e⁻²⁰ units: flatter than any pixel.
constexpr float kSmallestLogScale = -20;
/// Alpha within 10⁻⁷ of 0 and 1.
constexpr float kLargestLogit = 16;

bool begins_with(std::span<const std::uint8_t> bytes, std::string_view signature) {
    return bytes.size() >= signature.size() &&
           std::equal(signature.begin(), signature.end(), bytes.begin(),
                      [](char a, std::uint8_t b) { return std::uint8_t(a) == b; });
}

bool usable(const SplatCloud& cloud, std::size_t i) {
    for (int c = 0; c < cloud.channels(); ++c)
        if (!(std::abs(cloud.channel(c)[i]) <= kLargestValue)) return false;
    for (int a = 0; a < 3; ++a)
        if (cloud.channel(SplatCloud::kScale + a)[i] > kLargestLogScale) return false;
    float squares = 0;
    for (int q = 0; q < 4; ++q) {
        const float v = cloud.channel(SplatCloud::kRotation + q)[i];
        squares += v * v;
    }
    // Below it normalising divides by zero.
    return squares >= std::numeric_limits<float>::min();
}

SplatCloud parse(std::span<const std::uint8_t> bytes, const std::string& name) {
    const std::string extension = lower_extension(name);
    if (begins_with(bytes, "ply\n") || begins_with(bytes, "ply\r"))
        return parse_ply(bytes, name, NotFinite::keep);
    if (begins_with(bytes, "\x1f\x8b") || begins_with(bytes, "NGSP")) return parse_spz(bytes, name);
    if (extension == ".splat") return parse_splat(bytes, name);
    if (begins_with(bytes, "PK")) return parse_sog_bundle(bytes, name);
    if (extension == ".ply") return parse_ply(bytes, name, NotFinite::keep);  // says what is wrong
    if (extension == ".spz")
        throw InputError("{}: no .spz file: it begins neither as gzip nor with NGSP", name);
    if (extension == ".sog")
        throw InputError("{}: no SOG bundle: it does not begin as a ZIP archive does", name);
    throw InputError("{}: not a splat file that this build knows (.ply, .spz, .splat, .sog)", name);
}

}  // namespace

std::string lower_extension(const std::filesystem::path& file) {
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return char(std::tolower(c)); });
    return extension;
}

std::size_t remove_unusable(SplatCloud& cloud) {
    for (float& v : cloud.channel(SplatCloud::kOpacity))
        if (!std::isnan(v)) v = std::clamp(v, -kLargestLogit, kLargestLogit);
    for (int a = 0; a < 3; ++a)
        for (float& v : cloud.channel(SplatCloud::kScale + a))
            if (v < kSmallestLogScale) v = kSmallestLogScale;
    std::vector<std::size_t> kept;
    kept.reserve(cloud.count);
    for (std::size_t i = 0; i < cloud.count; ++i)
        if (usable(cloud, i)) kept.push_back(i);
    const std::size_t unusable_count = cloud.count - kept.size();
    if (unusable_count) cloud = gather(cloud, kept);
    return unusable_count;
}

SplatFile parse_splats(std::span<const std::uint8_t> bytes, const std::string& name) {
    SplatFile out{parse(bytes, name), 0};
    out.unusable = remove_unusable(out.cloud);
    return out;
}

SplatFile read_splats(const std::filesystem::path& file) {
    if (!is_sog_folder(file)) return parse_splats(read_file(file, kMaxFileBytes), file.string());
    SplatFile out{read_sog_folder(file), 0};
    out.unusable = remove_unusable(out.cloud);
    return out;
}

bool has_splat_extension(const std::filesystem::path& file) {
    const std::string extension = lower_extension(file);
    return extension == ".ply" || extension == ".spz" || extension == ".splat" || extension == ".sog";
}

bool is_splats(const std::filesystem::path& path) {
    return has_splat_extension(path) || is_sog_folder(path);
}

}  // namespace volumen
