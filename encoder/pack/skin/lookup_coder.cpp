#include "encoder/pack/skin/lookup_coder.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "encoder/pack/integer_encoder.h"
#include "formats/core/error.h"
#include "formats/stream/limits.h"
#include "formats/stream/skin_chunks.h"

namespace volumen {

namespace {

/// Columns of a strip are a multiple of the codecs' transform, so that strips do not share blocks.
constexpr int kColumnAlign = 8;
constexpr int kLargestHeight = kMaxAtlasHeight / kAtlasAlign * kAtlasAlign;
constexpr float kTopLevel = 255, kMiddle = 128, kMostAway = 127;

int round_up(std::uint64_t value, int to) {
    return int((value + std::uint64_t(to) - 1) / std::uint64_t(to) * std::uint64_t(to));
}

float looked_up(const SplatCloud& cloud, std::size_t lookup, std::size_t splat) {
    if (lookup > 0) return cloud.channel(SplatCloud::kScale + int(lookup) - 1)[splat];
    return 1 / (1 + std::exp(-cloud.channel(SplatCloud::kOpacity)[splat]));
}

}  // namespace

LookupShape fit_lookups(std::size_t splats, int frames, int width, int height) {
    LookupShape shape{.width = width, .height = height};
    shape.columns = std::uint32_t(std::min(round_up(std::uint64_t(frames), kColumnAlign), width));
    shape.strip_rows = std::uint32_t(height);
    const std::uint64_t rows = kLookups * splats;
    const std::uint64_t in_picture = std::uint64_t(shape.strips_per_picture()) * shape.strip_rows;
    const std::uint64_t pictures = in_picture ? (rows + in_picture - 1) / in_picture : ~0ull;
    if (pictures > std::min<std::uint64_t>(kMaxLookupPictures, std::uint64_t(frames)))
        throw InputError(
            "{} splats in segments of {} frames do not fit into {} pictures of the largest video that every "
            "decoder takes; use fewer splats or shorter segments",
            splats, frames, std::min<std::uint64_t>(kMaxLookupPictures, std::uint64_t(frames)));
    shape.pictures = std::uint32_t(pictures);
    return shape;
}

LookupShape fit_lookups(std::size_t splats, int frames) {
    const int columns = round_up(std::uint64_t(frames), kColumnAlign);
    std::optional<LookupShape> best;
    for (int height = kMinAtlasSide; height <= kLargestHeight; height += kAtlasAlign) {
        const std::uint64_t strips = (kLookups * splats + std::uint64_t(height) - 1) / std::uint64_t(height);
        const int width = std::max(kMinAtlasSide, round_up(strips * std::uint64_t(columns), kAtlasAlign));
        if (width > kMaxAtlasWidth) continue;
        const auto cost = [](std::int64_t w, std::int64_t h) { return std::pair(w * h, std::abs(w - h)); };
        if (best && cost(width, height) >= cost(best->width, best->height)) continue;
        best = fit_lookups(splats, frames, width, height);
    }
    return best ? *best : fit_lookups(splats, frames, kMaxAtlasWidth, kLargestHeight);
}

Pictures draw_lookups(std::span<const SplatCloud> frames, const LookupSteps& steps, SkinSegment& s) {
    const std::size_t n = s.splat_count;
    const std::size_t size = std::size_t(s.lookup.width) * std::size_t(s.lookup.height);
    s.mean.resize(kLookups * n), s.row.resize(kLookups * n);
    std::vector<std::uint8_t> all(size * s.lookup.pictures, std::uint8_t(kMiddle));
    for (std::size_t l = 0; l < kLookups; ++l) {
        std::vector<float> values(n * frames.size()), means(n);
        float low = INFINITY, high = -INFINITY;
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0;
            for (std::size_t f = 0; f < frames.size(); ++f)
                sum += values[i * frames.size() + f] = looked_up(frames[f], l, i);
            means[i] = float(sum / double(frames.size()));
            low = std::min(low, means[i]), high = std::max(high, means[i]);
        }
        LookupScale& scale = s.lookup_scale[l];
        scale.low = low;
        scale.step = std::max(l == 0 ? steps.opacity : steps.scale, (high - low) / kTopLevel);
        float away = 0;
        const auto coded_mean = [&](std::size_t i) {
            return scale.low + scale.step * float(s.mean[l * n + i]);
        };
        for (std::size_t i = 0; i < n; ++i) {
            s.mean[l * n + i] =
                std::uint8_t(std::clamp(std::round((means[i] - low) / scale.step), 0.0f, kTopLevel));
            for (std::size_t f = 0; f < frames.size(); ++f)
                away = std::max(away, std::abs(values[i * frames.size() + f] - coded_mean(i)));
        }
        scale.change_step = std::max(scale.step, away / kMostAway);
        const std::vector<std::uint32_t> rows = rows_by_mean(std::span(s.mean).subspan(l * n, n));
        for (std::size_t i = 0; i < n; ++i) {
            s.row[l * n + i] = rows[i];
            const std::size_t at = s.lookup.row_begin(l * n + rows[i]);
            for (std::size_t f = 0; f < s.lookup.columns; ++f) {
                // Columns without a frame repeat the last one: nothing to code there.
                const float value = values[i * frames.size() + std::min(f, frames.size() - 1)];
                const float level = std::round((value - coded_mean(i)) / scale.change_step);
                all[at + f] = std::uint8_t(kMiddle + std::clamp(level, -kMostAway, kMostAway));
            }
        }
    }
    Pictures out;
    for (std::size_t p = 0; p < s.lookup.pictures; ++p)
        out.emplace_back(all.begin() + std::ptrdiff_t(p * size),
                         all.begin() + std::ptrdiff_t((p + 1) * size));
    return out;
}

Bytes code_means(const SkinSegment& s) {
    ByteWriter out;
    for (std::size_t l = 0; l < kLookups; ++l) {
        const auto levels = std::span(s.mean).subspan(l * s.splat_count, s.splat_count);
        write_symbols(out, std::vector<std::uint16_t>(levels.begin(), levels.end()), 256);
    }
    return out.release();
}

}  // namespace volumen
