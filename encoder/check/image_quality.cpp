#include "encoder/check/image_quality.h"

#include <algorithm>
#include <cmath>

namespace volumen {
namespace {

constexpr int kMaskInside = 128;

struct Luma {
    int width = 0, height = 0;
    std::vector<float> values;
    std::vector<std::uint8_t> usable;  ///< the image is valid there
    float at(int x, int y) const { return values[std::size_t(y) * std::size_t(width) + std::size_t(x)]; }
};

Luma luma_of(const ViewImage& image) {
    Luma out{image.rgb.width, image.rgb.height, {}, {}};
    const std::size_t pixels = std::size_t(out.width) * std::size_t(out.height);
    out.values.resize(pixels), out.usable.resize(pixels);
    for (std::size_t i = 0; i < pixels; ++i) {
        const std::uint8_t* p = &image.rgb.pixels[3 * i];
        out.values[i] = 0.25f * float(p[0]) + 0.5f * float(p[1]) + 0.25f * float(p[2]);
        out.usable[i] = image.valid.empty() || image.valid.pixels[i] == 255;
    }
    return out;
}

bool in_mask(const ViewImage& image, std::size_t pixel) {
    return image.alpha.empty() || image.alpha.pixels[pixel] >= kMaskInside;
}

}  // namespace

double sharpness(const ViewImage& image) {
    const Luma luma = luma_of(image);
    double bent = 0, steep = 0;
    for (int y = 1; y + 1 < luma.height; ++y)
        for (int x = 1; x + 1 < luma.width; ++x) {
            bool whole = true;
            for (const auto& [dx, dy] : {std::pair(0, 0), {-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
                const std::size_t i = std::size_t(y + dy) * std::size_t(luma.width) + std::size_t(x + dx);
                whole &= in_mask(image, i) && luma.usable[i];
            }
            if (!whole) continue;
            const float twice = 2 * luma.at(x, y);
            const float left = luma.at(x - 1, y), right = luma.at(x + 1, y), above = luma.at(x, y - 1),
                        below = luma.at(x, y + 1);
            bent += std::abs(left + right - twice) + std::abs(above + below - twice);
            steep += std::abs(right - left) + std::abs(below - above);
        }
    return steep > 0 ? bent / steep : NAN;
}

double clipped_share(const ViewImage& image) {
    constexpr std::uint8_t kBurnt = 254;
    std::size_t burnt = 0, all = 0;
    for (std::size_t i = 0; 3 * i < image.rgb.pixels.size(); ++i) {
        if (!in_mask(image, i)) continue;
        const std::uint8_t* p = &image.rgb.pixels[3 * i];
        ++all;
        burnt += p[0] >= kBurnt || p[1] >= kBurnt || p[2] >= kBurnt;
    }
    return all ? double(burnt) / double(all) : NAN;
}

std::optional<glm::vec2> surroundings_shift(const ViewImage& before, const ViewImage& after) {
    constexpr int kBlock = 20, kReach = 8;
    constexpr std::size_t kBlocks = 60, kLeastBlocks = 8;
    constexpr float kLeastStructure = 6;  ///< mean gradient in levels, in both directions
    constexpr float kFit = 0.5f;          ///< of the difference without a shift, or small in itself
    constexpr float kSmall = 3;           ///< levels a pixel
    if (before.absent() || after.absent() || before.rgb.width != after.rgb.width ||
        before.rgb.height != after.rgb.height)
        return std::nullopt;
    const Luma a = luma_of(before), b = luma_of(after);
    struct Block {
        float structure;
        int x, y;
    };
    std::vector<Block> blocks;
    for (int y = kReach; y + kBlock + kReach < a.height; y += kBlock)
        for (int x = kReach; x + kBlock + kReach < a.width; x += kBlock) {
            float across = 0, along = 0;
            bool outside = true;
            for (int v = y; v < y + kBlock && outside; ++v)
                for (int u = x; u < x + kBlock; ++u) {
                    const std::size_t i = std::size_t(v) * std::size_t(a.width) + std::size_t(u);
                    const bool masked = !before.alpha.empty() && (in_mask(before, i) || in_mask(after, i));
                    if (masked || !a.usable[i]) {
                        outside = false;
                        break;
                    }
                    across += std::abs(a.at(u + 1, v) - a.at(u, v));
                    along += std::abs(a.at(u, v + 1) - a.at(u, v));
                }
            const float structure = std::min(across, along) / (kBlock * kBlock);
            if (outside && structure >= kLeastStructure) blocks.push_back({structure, x, y});
        }
    std::sort(blocks.begin(), blocks.end(),
              [](const Block& p, const Block& q) { return p.structure > q.structure; });
    if (blocks.size() > kBlocks) blocks.resize(kBlocks);
    std::vector<float> dx, dy;
    for (const Block& block : blocks) {
        const auto difference = [&](int sx, int sy) {
            float sum = 0;
            for (int v = block.y; v < block.y + kBlock; ++v)
                for (int u = block.x; u < block.x + kBlock; ++u)
                    sum += std::abs(a.at(u, v) - b.at(u + sx, v + sy));
            return sum / (kBlock * kBlock);
        };
        const float still = difference(0, 0);
        float best = still;
        glm::ivec2 shift(0);
        for (int sy = -kReach; sy <= kReach; ++sy)
            for (int sx = -kReach; sx <= kReach; ++sx)
                if (const float d = difference(sx, sy); d < best) best = d, shift = {sx, sy};
        if (best > kSmall && best > kFit * still) continue;  // covered, or it changed: tells nothing
        dx.push_back(float(shift.x)), dy.push_back(float(shift.y));
    }
    if (dx.size() < kLeastBlocks) return std::nullopt;
    const auto middle = [](std::vector<float> v) {
        std::nth_element(v.begin(), v.begin() + std::ptrdiff_t(v.size() / 2), v.end());
        return v[v.size() / 2];
    };
    const glm::vec2 shift(middle(dx), middle(dy));
    std::size_t agree = 0;
    for (std::size_t i = 0; i < dx.size(); ++i) agree += glm::length(glm::vec2(dx[i], dy[i]) - shift) <= 1.5f;
    if (5 * agree < 3 * dx.size()) return std::nullopt;
    return shift;
}

}  // namespace volumen
