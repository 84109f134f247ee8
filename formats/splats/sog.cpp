#include "formats/splats/sog.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "formats/core/error.h"
#include "formats/core/json.h"
#include "formats/splats/alpha.h"
#include "formats/splats/sog_limits.h"
#include "formats/splats/webp.h"
#include "formats/splats/zip.h"

namespace volumen {
namespace {

using nlohmann::json;

constexpr int kAlpha = 3;
/// The palette of SH: entries a row of its image, and rows for every label of 16 bits.
constexpr std::size_t kPaletteRow = 64, kMaxPaletteRows = 1024;
constexpr int kByteValues = 256;
/// Positions are noise in their low bytes, of which real files have several a splat: far fewer is a bomb.
constexpr std::uint64_t kMaxSplatsPerByte = 1024;
/// Images are as large as their splats need, up to whole rows and blocks; some writers take powers of two.
constexpr std::uint64_t kMaxPixelsPerSplat = 4, kMinPixelLimit = 1 << 16;

/// What the byte of each channel stands for; channels of a codebook may have fewer entries than bytes.
using Levels = std::array<std::vector<float>, 4>;

/// An object of meta.json, such as "means".
class Section {
  public:
    Section(const json& meta, const char* key, const std::string& file)
        : place_(fmt::format("{}: {}: {}", file, kSogMetaFile, key)) {
        const auto found = meta.find(key);
        if (found == meta.end() || !found->is_object()) throw InputError("{} is missing", place_);
        values_ = &*found;
    }

    bool has(const char* key) const { return values_->contains(key); }

    /// An array of `least` to `most` numbers; a number alone stands for `least` of them.
    std::vector<float> numbers(const char* key, std::size_t least, std::size_t most) const {
        const auto found = values_->find(key);
        if (found == values_->end()) fail(key, "is missing");
        if (found->is_number()) return std::vector<float>(least, found->get<float>());
        if (!found->is_array() || found->size() < least || found->size() > most)
            fail(key, fmt::format("is no array of {} to {} numbers", least, most));
        std::vector<float> out;
        for (const json& value : *found) {
            if (!value.is_number()) fail(key, "holds something else than numbers");
            out.push_back(value.get<float>());
        }
        return out;
    }

    std::size_t whole_number(const char* key, std::size_t most) const {
        const auto found = values_->find(key);
        if (found == values_->end() || !found->is_number_unsigned() || found->get<std::uint64_t>() > most)
            fail(key, fmt::format("is no whole number up to {}", most));
        return found->get<std::size_t>();
    }

    std::string file(std::size_t index) const {
        const auto found = values_->find("files");
        if (found == values_->end() || !found->is_array() || found->size() <= index ||
            !(*found)[index].is_string())
            fail("files", fmt::format("has no name of an image {}", index));
        const std::string name = (*found)[index].get<std::string>();
        if (name.empty() || has_control_characters(name) || name.find_first_of("/\\") != std::string::npos)
            fail("files", "names something else than a file beside it");
        return name;
    }

    /// Of version 2 one codebook for the first three channels; of version 1 a range for each of `channels`.
    Levels levels(std::size_t channels) const {
        Levels out;
        if (has("codebook")) {
            const std::vector<float> codebook = numbers("codebook", 1, kByteValues);
            for (int c = 0; c < kAlpha; ++c) out[std::size_t(c)] = codebook;
            return out;
        }
        const std::vector<float> mins = numbers("mins", channels, channels);
        const std::vector<float> maxs = numbers("maxs", channels, channels);
        for (std::size_t c = 0; c < channels; ++c)
            for (int byte = 0; byte < kByteValues; ++byte)
                out[c].push_back(mins[c] + (maxs[c] - mins[c]) * float(byte) / 255);
        return out;
    }

    [[noreturn]] void fail(const char* key, const std::string& what) const {
        throw InputError("{}: {} {}", place_, key, what);
    }

  private:
    std::string place_;
    const json* values_ = nullptr;
};

/// One SOG on its way into a cloud.
class Reader {
  public:
    Reader(const SogFiles& files, const std::string& name)
        : files_(files),
          name_(name),
          meta_(
              parse_json(files(kSogMetaFile, kMaxSogMetaBytes), fmt::format("{}: {}", name, kSogMetaFile))) {
        if (!meta_.is_object()) throw InputError("{}: {}: is no object", name, kSogMetaFile);
        const auto version = meta_.find("version");
        if (version != meta_.end() && *version != 2)
            throw InputError("{}: SOG version {}; this build reads 1 and 2, or a 3DGS .ply", name_,
                             version->dump());
        const json::json_pointer count(version != meta_.end() ? "/count" : "/means/shape/0");
        if (!meta_.contains(count) || !meta_.at(count).is_number_unsigned())
            throw InputError("{}: {}: has no number of splats", name_, kSogMetaFile);
        if (meta_.at(count).get<std::uint64_t>() > kMaxSplats)
            throw InputError("{}: {} splats, but at most {} are accepted", name_, meta_.at(count).dump(),
                             kMaxSplats);
        count_ = meta_.at(count).get<std::size_t>();
    }

    SplatCloud read() {
        // The palette's image is what tells version 1's SH degree.
        const bool detailed = meta_.contains("shN") && !meta_["shN"].is_null();
        Image8 palette;
        const int degree = detailed ? read_palette(palette) : 0;
        read_positions(degree);
        read_rotations();
        read_scales();
        read_colours();
        if (degree > 0) read_details(palette);
        return std::move(cloud_);
    }

  private:
    Image8 image(const Section& section, std::size_t index, std::uint64_t max_pixels,
                 std::uint64_t least_bytes = 0) const {
        const std::string file = section.file(index);
        const std::vector<std::uint8_t> bytes = files_(file, kMaxSogImageBytes);
        if (bytes.size() < least_bytes)
            throw InputError("{}: {} cannot hold the {} splats that {} speaks of", name_, file, count_,
                             kSogMetaFile);
        return decode_lossless_webp(bytes, max_pixels, fmt::format("{}: {}", name_, file));
    }

    /// An image with a pixel for each splat.
    Image8 splat_image(const Section& section, std::size_t index, std::uint64_t least_bytes = 0) const {
        const std::uint64_t max_pixels = std::max(kMinPixelLimit, kMaxPixelsPerSplat * count_);
        Image8 out = image(section, index, max_pixels, least_bytes);
        if (out.pixels.size() / 4 < count_)
            throw InputError("{}: {}: {}x{} pixels for {} splats; the file is damaged", name_,
                             section.file(index), out.width, out.height, count_);
        return out;
    }

    void read_positions(int degree) {
        const Section means(meta_, "means", name_);
        const std::vector<float> mins = means.numbers("mins", 3, 3), maxs = means.numbers("maxs", 3, 3);
        const Image8 low = splat_image(means, 0, count_ / kMaxSplatsPerByte), high = splat_image(means, 1);
        cloud_ = SplatCloud(count_, degree);
        for (std::size_t a = 0; a < 3; ++a) {
            const std::span<float> out = cloud_.channel(SplatCloud::kPosition + int(a));
            for (std::size_t i = 0; i < count_; ++i) {
                const int word = low.pixels[4 * i + a] | high.pixels[4 * i + a] << 8;
                const double v = mins[a] + (double(maxs[a]) - mins[a]) * word / 65535;
                out[i] = float(std::copysign(std::expm1(std::abs(v)), v));
            }
        }
    }

    void read_rotations() {
        const Image8 image = splat_image(Section(meta_, "quats", name_), 0);
        for (std::size_t i = 0; i < count_; ++i) {
            const std::uint8_t* pixel = image.pixels.data() + 4 * i;
            const int largest = pixel[kAlpha] - 252;
            if (largest < 0) continue;
            float squares = 0;
            for (int q = 0, c = 0; q < 4; ++q) {
                if (q == largest) continue;
                const float v = (float(pixel[c++]) / 255 * 2 - 1) / std::numbers::sqrt2_v<float>;
                cloud_.channel(SplatCloud::kRotation + q)[i] = v;
                squares += v * v;
            }
            cloud_.channel(SplatCloud::kRotation + largest)[i] = std::sqrt(std::max(0.0f, 1 - squares));
        }
    }

    void read_scales() {
        const Section scales(meta_, "scales", name_);
        const Image8 image = splat_image(scales, 0);
        const Levels levels = scales.levels(3);
        for (int c = 0; c < 3; ++c) look_up(scales, levels, image, c, SplatCloud::kScale + c);
    }

    void read_colours() {
        const Section colours(meta_, "sh0", name_);
        const Image8 image = splat_image(colours, 0);
        Levels levels = colours.levels(4);
        if (levels[kAlpha].empty())
            for (int byte = 0; byte < kByteValues; ++byte)
                levels[kAlpha].push_back(logit_of_byte(std::uint8_t(byte)));
        for (int c = 0; c < 3; ++c) look_up(colours, levels, image, c, SplatCloud::kSh + c);
        look_up(colours, levels, image, kAlpha, SplatCloud::kOpacity);
    }

    /// Channel `c` of the image by its levels into a channel of the cloud.
    void look_up(const Section& section, const Levels& levels, const Image8& image, int c, int channel) {
        const std::vector<float>& values = levels[std::size_t(c)];
        const std::span<float> out = cloud_.channel(channel);
        for (std::size_t i = 0; i < count_; ++i)
            out[i] = level(section, values, image.pixels[4 * i + std::size_t(c)]);
    }
    static float level(const Section& section, const std::vector<float>& values, std::uint8_t byte) {
        if (byte >= values.size())
            section.fail("codebook", fmt::format("has no entry {}, which its image speaks of", byte));
        return values[byte];
    }

    /// Returns the SH degree.
    int read_palette(Image8& palette) const {
        const Section details(meta_, "shN", name_);
        if (details.has("bands") && details.whole_number("bands", kMaxShDegree) == 0) return 0;
        constexpr std::uint64_t kMaxPixels =
            kPaletteRow * kMaxPaletteRows * std::uint64_t(sh_coefficients(kMaxShDegree) - 1);
        palette = image(details, 0, kMaxPixels);
        for (int degree = 1; degree <= kMaxShDegree; ++degree)
            if (std::size_t(palette.width) == kPaletteRow * std::size_t(sh_coefficients(degree) - 1) &&
                (!details.has("bands") || details.whole_number("bands", kMaxShDegree) == std::size_t(degree)))
                return degree;
        throw InputError("{}: {}: {} pixels wide, which no palette of this SH degree is", name_,
                         details.file(0), palette.width);
    }

    void read_details(const Image8& palette) {
        const Section details(meta_, "shN", name_);
        const Image8 labels = splat_image(details, 1);
        const Levels levels = details.levels(1);
        const std::size_t room = kPaletteRow * std::size_t(palette.height);
        const std::size_t entries = details.has("count") ? details.whole_number("count", room) : room;
        const std::size_t coefficients = std::size_t(sh_coefficients(cloud_.sh_degree) - 1);
        for (std::size_t i = 0; i < count_; ++i) {
            const std::size_t label = labels.pixels[4 * i] | std::size_t(labels.pixels[4 * i + 1]) << 8;
            if (label >= entries)
                throw InputError("{}: {}: splat {} takes entry {} of {}; the file is damaged", name_,
                                 details.file(1), i, label, entries);
            const std::uint8_t* pixel =
                palette.at(int(label % kPaletteRow * coefficients), int(label / kPaletteRow));
            for (std::size_t k = 0; k < coefficients; ++k, pixel += 4)
                for (std::size_t c = 0; c < 3; ++c) {
                    const std::vector<float>& values = levels[levels[1].empty() ? 0 : c];
                    cloud_.channel(SplatCloud::kSh + int(3 * (k + 1) + c))[i] =
                        level(details, values, pixel[c]);
                }
        }
    }

    const SogFiles& files_;
    const std::string& name_;
    const json meta_;
    std::size_t count_ = 0;
    SplatCloud cloud_;
};

}  // namespace

SplatCloud parse_sog(const SogFiles& files, const std::string& name) {
    return Reader(files, name).read();
}

SplatCloud parse_sog_bundle(std::span<const std::uint8_t> bytes, const std::string& name) {
    const ZipArchive archive(bytes, name);
    return parse_sog(
        [&](const std::string& file, std::uint64_t max_bytes) { return archive.read(file, max_bytes); },
        name);
}

}  // namespace volumen
