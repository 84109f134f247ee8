#include "encoder/pack/order.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "formats/stream/frame.h"

namespace volumen {

namespace {

/// Positions at this many frames of the segment, and the base colour.
constexpr std::size_t kFeatureFrames = 3, kFeatures = 3 * kFeatureFrames + 3;
/// A colour difference of 1 counts as much as this share of the cloud's extent.
constexpr float kColourWeight = 0.03f;

using Feature = std::array<float, kFeatures>;

std::vector<Feature> make_features(std::span<const SplatCloud> frames) {
    const std::size_t count = frames[0].count;
    std::vector<Feature> features(count);
    float extent = 0;
    for (std::size_t f = 0; f < kFeatureFrames; ++f) {
        const SplatCloud& cloud = frames[(frames.size() - 1) * f / (kFeatureFrames - 1)];
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const auto from = cloud.channel(SplatCloud::kPosition + int(axis));
            for (std::size_t i = 0; i < count; ++i) features[i][3 * f + axis] = from[i];
            const auto [low, high] = std::minmax_element(from.begin(), from.end());
            extent = std::max(extent, *high - *low);
        }
    }
    for (std::size_t c = 0; c < 3; ++c) {
        const auto from = frames[0].channel(SplatCloud::kSh + int(c));
        for (std::size_t i = 0; i < count; ++i)
            features[i][3 * kFeatureFrames + c] = from[i] * extent * kColourWeight;
    }
    return features;
}

/// A rectangle of the picture, in pixels.
struct Rect {
    std::uint32_t x0, y0, x1, y1;
};

class Partition {
  public:
    Partition(std::vector<Feature> features, std::uint32_t blocks_per_row)
        : features_(std::move(features)), blocks_per_row_(blocks_per_row), splats_(features_.size()) {
        std::iota(splats_.begin(), splats_.end(), std::size_t(0));
    }

    std::vector<std::size_t> run() {
        const std::size_t blocks = (splats_.size() + kBlockSplats - 1) / kBlockSplats;
        const std::uint32_t rows = std::uint32_t((blocks + blocks_per_row_ - 1) / blocks_per_row_);
        order_.resize(splats_.size());
        split({0, 0, blocks_per_row_ * kBlockSide, rows * kBlockSide}, 0, splats_.size());
        return std::move(order_);
    }

  private:
    std::size_t index_of(std::uint32_t x, std::uint32_t y) const {
        const std::size_t block = std::size_t(y / kBlockSide) * blocks_per_row_ + x / kBlockSide;
        return block * kBlockSplats + y % kBlockSide * kBlockSide + x % kBlockSide;
    }
    /// How many splats lie in a rectangle that is made of whole blocks or lies inside one.
    std::size_t splats_in(Rect r) const {
        std::size_t n = 0;
        for (std::uint32_t y = r.y0; y < r.y1;) {
            const std::uint32_t rows = std::min(r.y1, (y / kBlockSide + 1) * kBlockSide) - y;
            for (std::uint32_t x = r.x0; x < r.x1;) {
                const std::uint32_t columns = std::min(r.x1, (x / kBlockSide + 1) * kBlockSide) - x;
                n += splats_in_block(x, y, columns, rows);
                x += columns;
            }
            y += rows;
        }
        return n;
    }
    std::size_t splats_in_block(std::uint32_t x, std::uint32_t y, std::uint32_t columns,
                                std::uint32_t rows) const {
        if (index_of(x + columns - 1, y + rows - 1) < splats_.size()) return std::size_t(columns) * rows;
        std::size_t n = 0;
        for (std::uint32_t j = 0; j < rows; ++j)
            for (std::uint32_t i = 0; i < columns; ++i) n += index_of(x + i, y + j) < splats_.size();
        return n;
    }
    std::size_t widest_feature(std::size_t begin, std::size_t end) const {
        std::array<double, kFeatures> sum{}, squares{};
        for (std::size_t i = begin; i < end; ++i)
            for (std::size_t k = 0; k < kFeatures; ++k) {
                // relative to the first, so that the squares do not cancel
                const double v = double(features_[splats_[i]][k]) - features_[splats_[begin]][k];
                sum[k] += v, squares[k] += v * v;
            }
        std::size_t best = 0;
        for (std::size_t k = 0; k < kFeatures; ++k) {
            squares[k] -= sum[k] * sum[k] / double(end - begin);
            if (squares[k] > squares[best]) best = k;
        }
        return best;
    }
    /// Lays splats_[begin, end) out in `r`.
    void split(Rect r, std::size_t begin, std::size_t end) {
        if (begin == end) return;
        const std::uint32_t width = r.x1 - r.x0, height = r.y1 - r.y0;
        if (width == 1 && height == 1) {
            order_[index_of(r.x0, r.y0)] = splats_[begin];
            return;
        }
        Rect first = r, second = r;
        // Outside a block cuts fall between blocks, and between macroblocks while there are several.
        const auto halve = [](std::uint32_t low, std::uint32_t high) {
            const std::uint32_t size = high - low, half = size / 2;
            const std::uint32_t unit = size > 2 * kBlockSide ? 2 * kBlockSide
                                       : size > kBlockSide   ? kBlockSide
                                                             : 1;
            return low + std::max(unit, half / unit * unit);
        };
        if (width >= height)
            first.x1 = second.x0 = halve(r.x0, r.x1);
        else
            first.y1 = second.y0 = halve(r.y0, r.y1);
        const std::size_t middle = begin + splats_in(first);
        if (middle > begin && middle < end) {
            const std::size_t k = widest_feature(begin, end);
            const auto at = [&](std::size_t i) { return splats_.begin() + std::ptrdiff_t(i); };
            std::nth_element(at(begin), at(middle), at(end), [&](std::size_t a, std::size_t b) {
                const float fa = features_[a][k], fb = features_[b][k];
                return fa != fb ? fa < fb : a < b;
            });
        }
        split(first, begin, middle);
        split(second, middle, end);
    }

    std::vector<Feature> features_;
    std::uint32_t blocks_per_row_;
    std::vector<std::size_t> splats_, order_;
};

/// How much neighbours in the picture differ: the sum over splats of the features' distance to the next in
/// their block's row and column.
double roughness(const std::vector<Feature>& features, std::span<const std::size_t> order) {
    const auto distance = [&](std::size_t a, std::size_t b) {
        float sum = 0;
        for (std::size_t k = 0; k < kFeatures; ++k) {
            const float d = features[order[a]][k] - features[order[b]][k];
            sum += d * d;
        }
        return double(std::sqrt(sum));
    };
    double total = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::size_t place = i % kBlockSplats;
        if (place % kBlockSide + 1 < kBlockSide && i + 1 < order.size()) total += distance(i, i + 1);
        if (place / kBlockSide + 1 < kBlockSide && i + kBlockSide < order.size())
            total += distance(i, i + kBlockSide);
    }
    return total;
}

/// An order this much rougher than the best is kept: what comes from a stream has been put in order before,
/// and codes as well as then in no order but that one.
constexpr double kRougher = 1.02;

}  // namespace

std::vector<std::size_t> order_splats(std::span<const SplatCloud> frames, std::uint32_t blocks_per_row) {
    const std::vector<Feature> features = make_features(frames);
    std::vector<std::size_t> as_it_is(features.size());
    std::iota(as_it_is.begin(), as_it_is.end(), std::size_t(0));
    std::vector<std::size_t> order = Partition(features, blocks_per_row).run();
    return roughness(features, as_it_is) <= kRougher * roughness(features, order) ? as_it_is : order;
}

}  // namespace volumen
