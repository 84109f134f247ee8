// Writers of SOG and of the ZIP around it, for tests: plain, and independent of the readers.
#pragma once

#include <webp/encode.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/formats/media/splat_writers.h"

namespace volumen {

/// Names and contents.
using FileSet = std::map<std::string, std::string>;

/// A ZIP archive, its files stored or deflated.
inline std::string zip(const FileSet& files, bool deflated = false) {
    std::string out, directory;
    for (const auto& [name, contents] : files) {
        std::string data = contents;
        if (deflated) {
            data = gzip(contents);
            data = data.substr(10, data.size() - 18);  // without gzip's header and trailer
        }
        const std::uint64_t sum =
            crc32(0, reinterpret_cast<const Bytef*>(contents.data()), uInt(contents.size()));
        std::string entry;  // what both headers have
        put_little(entry, 20, 2), put_little(entry, 0, 2), put_little(entry, deflated ? 8 : 0, 2);
        put_little(entry, 0, 4), put_little(entry, sum, 4);
        put_little(entry, data.size(), 4), put_little(entry, contents.size(), 4);
        put_little(entry, name.size(), 2), put_little(entry, 0, 2);
        put_little(directory, 0x02014b50, 4), put_little(directory, 20, 2);
        directory += entry;
        put_little(directory, 0, 6), put_little(directory, 0, 4), put_little(directory, out.size(), 4);
        directory += name;
        put_little(out, 0x04034b50, 4);
        out.append(entry).append(name).append(data);
    }
    const std::size_t begin = out.size();
    out += directory;
    put_little(out, 0x06054b50, 4), put_little(out, 0, 4), put_little(out, files.size(), 2),
        put_little(out, files.size(), 2);
    put_little(out, directory.size(), 4), put_little(out, begin, 4), put_little(out, 0, 2);
    return out;
}

/// A lossless WebP of RGBA bytes, or a lossy one.
inline std::string webp(int width, int height, const std::string& rgba, bool lossless = true) {
    WebPConfig config;
    WebPConfigInit(&config);
    config.lossless = lossless, config.exact = 1, config.method = 0, config.quality = 0;
    WebPPicture picture;
    WebPPictureInit(&picture);
    picture.use_argb = lossless, picture.width = width, picture.height = height;
    WebPMemoryWriter writer;
    WebPMemoryWriterInit(&writer);
    picture.writer = WebPMemoryWrite, picture.custom_ptr = &writer;
    WebPPictureImportRGBA(&picture, reinterpret_cast<const std::uint8_t*>(rgba.data()), width * 4);
    WebPEncode(&config, &picture);
    const std::string out(reinterpret_cast<const char*>(writer.mem), writer.size);
    WebPMemoryWriterClear(&writer);
    WebPPictureFree(&picture);
    return out;
}

/// 256 levels evenly over some channels' values.
struct EvenLevels {
    double low = 1e9, high = -1e9;
    EvenLevels(const SplatCloud& cloud, int first, int end) {
        for (int c = first; c < end; ++c)
            for (const float v : cloud.channel(c))
                low = std::min(low, double(v)), high = std::max(high, double(v));
    }
    double step() const { return (high - low) / 255; }
    char byte(double v) const { return char(to_byte((v - low) / std::max(step(), 1e-9))); }
    /// With "codebook", or with the "mins" and "maxs" of version 1: of so many channels, or numbers alone.
    nlohmann::ordered_json section(int version, int channels) const {
        std::vector<double> codebook;
        for (int i = 0; i < 256; ++i) codebook.push_back(low + step() * i);
        if (version == 2) return {{"codebook", codebook}};
        if (!channels) return {{"mins", low}, {"maxs", high}};
        const auto all = [&](double value) { return std::vector<double>(std::size_t(channels), value); };
        return {{"mins", all(low)}, {"maxs", all(high)}};
    }
};

/// The files of a SOG of version 1 or 2. Each splat has a palette's entry of its own.
inline FileSet sog_files(const SplatCloud& cloud, int version = 2) {
    constexpr int kWidth = 20;
    const std::size_t n = cloud.count;
    const int height = int(n) / kWidth + 1;
    const std::size_t pixels = std::size_t(kWidth * height);
    const auto at = [&](int channel, std::size_t i) { return double(cloud.channel(channel)[i]); };
    const auto logarithm = [](double v) { return std::copysign(std::log(1 + std::abs(v)), v); };
    const EvenLevels scales(cloud, SplatCloud::kScale, SplatCloud::kScale + 3);
    const EvenLevels colours(cloud, SplatCloud::kSh, SplatCloud::kSh + 3);
    const EvenLevels opacity(cloud, SplatCloud::kOpacity, SplatCloud::kOpacity + 1);
    double lows[3], highs[3];
    for (int a = 0; a < 3; ++a) {
        const EvenLevels axis(cloud, a, a + 1);
        lows[a] = logarithm(axis.low), highs[a] = logarithm(axis.high);
    }
    std::string low(4 * pixels, '\xff'), high = low, quats = low, scale = low, colour = low, labels = low;
    for (std::size_t i = 0; i < n; ++i) {
        for (int a = 0; a < 3; ++a) {
            const double t = (logarithm(at(a, i)) - lows[a]) / std::max(highs[a] - lows[a], 1e-9);
            const int word = int(std::lround(65535 * t));
            low[4 * i + std::size_t(a)] = char(word & 255), high[4 * i + std::size_t(a)] = char(word >> 8);
            scale[4 * i + std::size_t(a)] = scales.byte(at(SplatCloud::kScale + a, i));
            colour[4 * i + std::size_t(a)] = colours.byte(at(SplatCloud::kSh + a, i));
        }
        colour[4 * i + 3] = version == 2 ? char(to_byte(255 / (1 + std::exp(-at(SplatCloud::kOpacity, i)))))
                                         : opacity.byte(at(SplatCloud::kOpacity, i));
        const std::vector<double> q = xyzw(cloud, i);
        const double wxyz[] = {q[3], q[0], q[1], q[2]};
        std::size_t largest = 0;
        for (std::size_t k = 1; k < 4; ++k)
            if (std::abs(wxyz[k]) > std::abs(wxyz[largest])) largest = k;
        std::size_t to = 4 * i;
        for (std::size_t k = 0; k < 4; ++k) {
            const double v = wxyz[k] * (wxyz[largest] < 0 ? -1 : 1);
            if (k != largest) quats[to++] = char(to_byte(255 * (v * std::sqrt(2.0) + 1) / 2));
        }
        quats[4 * i + 3] = char(252 + largest);
        labels[4 * i] = char(i & 255), labels[4 * i + 1] = char(i >> 8);
    }
    const auto image = [&](const std::string& rgba) { return webp(kWidth, height, rgba); };
    FileSet out{{"means_l.webp", image(low)},
                {"means_u.webp", image(high)},
                {"quats.webp", image(quats)},
                {"scales.webp", image(scale)},
                {"sh0.webp", image(colour)}};

    using json = nlohmann::ordered_json;
    const auto with_files = [](json section, const std::vector<std::string>& names) {
        section["files"] = names;
        return section;
    };
    json meta, means;
    if (version == 2)
        meta["version"] = 2, meta["count"] = n;
    else
        means["shape"] = {n, 3};
    means["mins"] = lows, means["maxs"] = highs;
    json colour_meta = colours.section(version, 3);
    if (version == 1) colour_meta["mins"].push_back(opacity.low), colour_meta["maxs"].push_back(opacity.high);
    meta["means"] = with_files(means, {"means_l.webp", "means_u.webp"});
    meta["quats"] = with_files({}, {"quats.webp"});
    meta["scales"] = with_files(scales.section(version, 3), {"scales.webp"});
    meta["sh0"] = with_files(colour_meta, {"sh0.webp"});
    if (cloud.sh_degree > 0) {
        const EvenLevels details(cloud, SplatCloud::kSh + 3, cloud.channels());
        const std::size_t coefficients = std::size_t(sh_coefficients(cloud.sh_degree) - 1);
        const std::size_t rows = (n + 63) / 64;
        std::string palette(rows * 64 * coefficients * 4, '\xff');
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t k = 0; k < coefficients; ++k)
                for (std::size_t c = 0; c < 3; ++c)
                    palette[4 * (i * coefficients + k) + c] =
                        details.byte(at(SplatCloud::kSh + int(3 * (k + 1) + c), i));
        out["shN_centroids.webp"] = webp(int(64 * coefficients), int(rows), palette);
        out["shN_labels.webp"] = image(labels);
        json detail_meta;
        if (version == 2) detail_meta["count"] = n, detail_meta["bands"] = cloud.sh_degree;
        detail_meta.update(details.section(version, 0));
        meta["shN"] = with_files(detail_meta, {"shN_centroids.webp", "shN_labels.webp"});
    }
    out["meta.json"] = meta.dump();
    return out;
}

}  // namespace volumen
