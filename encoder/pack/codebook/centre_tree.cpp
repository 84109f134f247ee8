#include "encoder/pack/codebook/centre_tree.h"

#include <algorithm>
#include <bit>
#include <numeric>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/pack/codebook/centre_tree.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace volumen::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, CentreTree::kFan>;
using V = hn::Vec<D>;
constexpr D d;

/// The search for one vector.
class Search {
  public:
    Search(const CentreTree& tree, int wanted)
        : tree_(tree), dimensions_(tree.dimensions()), wanted_(wanted) {}

    void run(const float* vector, std::uint32_t hint, std::uint32_t* indices, float* distances) {
        vector_ = vector, indices_ = indices, distances_ = distances;
        std::fill_n(distances, wanted_, std::numeric_limits<float>::infinity());
        seen_leaf_ = CentreTree::kNoHint;
        if (hint != CentreTree::kNoHint) {
            seen_leaf_ = tree_.slot_of(hint) / CentreTree::kFan;
            look_at_leaf(seen_leaf_);
        }
        descend(tree_.levels().size() - 1, 0);
        for (int i = 1; i < wanted_; ++i)
            if (distances[i] == std::numeric_limits<float>::infinity()) indices[i] = indices[i - 1];
    }

  private:
    float farthest() const { return distances_[wanted_ - 1]; }

    void look_at_leaf(std::size_t leaf) {
        const float* from = tree_.levels()[0].low.data() + leaf * CentreTree::kFan * dimensions_;
        HWY_ALIGN float found[CentreTree::kFan];
        const V limit = hn::Set(d, farthest());
        for (std::size_t lane = 0; lane < CentreTree::kFan; lane += hn::Lanes(d)) {
            V sum = hn::Zero(d);
            for (int c = 0; c < dimensions_; ++c) {
                const V away =
                    hn::Sub(hn::Set(d, vector_[c]), hn::LoadU(d, from + c * CentreTree::kFan + lane));
                sum = hn::MulAdd(away, away, sum);
            }
            hn::Store(sum, d, found + lane);
            if (hn::AllFalse(d, hn::Le(sum, limit))) continue;
            for (std::size_t i = lane; i < lane + hn::Lanes(d); ++i)
                if (found[i] <= farthest()) insert(found[i], tree_.centre_at()[leaf * CentreTree::kFan + i]);
        }
    }

    void insert(float distance, std::uint32_t centre) {
        int at = wanted_ - 1;
        const auto before = [&](int i) {
            return distance < distances_[i] || (distance == distances_[i] && centre < indices_[i]);
        };
        if (distance == std::numeric_limits<float>::infinity() || !before(at)) return;
        for (; at > 0 && before(at - 1); --at)
            distances_[at] = distances_[at - 1], indices_[at] = indices_[at - 1];
        distances_[at] = distance, indices_[at] = centre;
    }

    void descend(std::size_t level, std::size_t node) {
        if (level == 0) {
            if (node != seen_leaf_) look_at_leaf(node);
            return;
        }
        const CentreTree::Level& boxes = tree_.levels()[level];
        const std::size_t from = node * CentreTree::kFan * dimensions_;
        HWY_ALIGN float found[CentreTree::kFan];
        unsigned near = 0;
        // Computed with the leaves' operations, which are monotonous: a box is never farther than its
        // content.
        const V limit = hn::Set(d, farthest());
        for (std::size_t lane = 0; lane < CentreTree::kFan; lane += hn::Lanes(d)) {
            V sum = hn::Zero(d);
            for (int c = 0; c < dimensions_; ++c) {
                const std::size_t at = from + c * CentreTree::kFan + lane;
                const V x = hn::Set(d, vector_[c]);
                const V below = hn::Sub(hn::LoadU(d, boxes.low.data() + at), x);
                const V above = hn::Sub(x, hn::LoadU(d, boxes.high.data() + at));
                const V away = hn::Max(hn::Max(below, above), hn::Zero(d));
                sum = hn::MulAdd(away, away, sum);
            }
            hn::Store(sum, d, found + lane);
            std::uint8_t bits[8] = {};
            hn::StoreMaskBits(d, hn::Le(sum, limit), bits);
            near |= (unsigned(bits[0]) | unsigned(bits[1]) << 8) << lane;
        }
        while (near) {
            int child = std::countr_zero(near);
            for (unsigned rest = near & (near - 1); rest; rest &= rest - 1)
                if (found[std::countr_zero(rest)] < found[child]) child = std::countr_zero(rest);
            if (found[child] > farthest() || found[child] == std::numeric_limits<float>::infinity()) return;
            near &= ~(1u << child);
            descend(level - 1, node * CentreTree::kFan + std::size_t(child));
        }
    }

    const CentreTree& tree_;
    int dimensions_, wanted_;
    const float* vector_ = nullptr;
    std::uint32_t* indices_ = nullptr;
    float* distances_ = nullptr;
    std::size_t seen_leaf_ = 0;
};

void search(const CentreTree& tree, std::span<const float> vectors, int wanted,
            std::span<const std::uint32_t> hints, std::uint32_t* indices, float* distances) {
    Search one(tree, wanted);
    const std::size_t count = vectors.size() / std::size_t(tree.dimensions());
    for (std::size_t i = 0; i < count; ++i)
        one.run(vectors.data() + i * tree.dimensions(), hints.empty() ? CentreTree::kNoHint : hints[i],
                indices + i * wanted, distances + i * wanted);
}

}  // namespace
}  // namespace volumen::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace volumen {
namespace {

HWY_EXPORT(search);

/// Sorts the slots so that each aligned block of 16, 256, … holds centres that are near each other: halves
/// them across the dimension in which they vary most.
void split(std::span<std::uint32_t> slots, std::span<const float> centres, int dimensions) {
    if (slots.size() <= CentreTree::kFan) return;
    int widest = 0;
    double most = -1;
    for (int c = 0; c < dimensions; ++c) {
        double sum = 0, squares = 0;
        for (const std::uint32_t s : slots) {
            const double v = centres[std::size_t(s) * dimensions + c];
            sum += v, squares += v * v;
        }
        const double variance = squares - sum * sum / double(slots.size());
        if (variance > most) most = variance, widest = c;
    }
    const std::size_t leaves = (slots.size() + CentreTree::kFan - 1) / CentreTree::kFan;
    const std::size_t left = std::bit_ceil(leaves) / 2 * CentreTree::kFan;
    const auto less = [&](std::uint32_t a, std::uint32_t b) {
        const float x = centres[std::size_t(a) * dimensions + widest];
        const float y = centres[std::size_t(b) * dimensions + widest];
        return x != y ? x < y : a < b;
    };
    std::nth_element(slots.begin(), slots.begin() + std::ptrdiff_t(left), slots.end(), less);
    split(slots.first(left), centres, dimensions);
    split(slots.subspan(left), centres, dimensions);
}

}  // namespace

CentreTree::CentreTree(std::span<const float> centres, int dimensions) : dimensions_(dimensions) {
    constexpr float kNowhere = std::numeric_limits<float>::infinity();
    const std::size_t count = centres.size() / std::size_t(dimensions);
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    split(order, centres, dimensions);
    slot_.resize(count);
    for (std::size_t i = 0; i < count; ++i) slot_[order[i]] = std::uint32_t(i);

    std::size_t nodes = (count + kFan - 1) / kFan;
    centre_at_.assign(nodes * kFan, 0);
    std::ranges::copy(order, centre_at_.begin());
    levels_.emplace_back().low.assign(nodes * kFan * dimensions, kNowhere);
    for (std::size_t i = 0; i < count; ++i)
        for (int c = 0; c < dimensions; ++c)
            levels_[0].low[(i / kFan * dimensions + c) * kFan + i % kFan] =
                centres[std::size_t(order[i]) * dimensions + c];
    while (nodes > 1) {
        const std::size_t children = nodes;
        nodes = (children + kFan - 1) / kFan;
        Level level{std::vector<float>(nodes * kFan * dimensions, kNowhere),
                    std::vector<float>(nodes * kFan * dimensions, kNowhere)};
        const Level& below = levels_.back();
        for (std::size_t i = 0; i < children; ++i)
            for (int c = 0; c < dimensions; ++c) {
                const std::size_t row = (i * dimensions + c) * kFan;
                const std::size_t at = (i / kFan * dimensions + c) * kFan + i % kFan;
                const std::vector<float>& highs = below.high.empty() ? below.low : below.high;
                level.low[at] = *std::min_element(&below.low[row], &below.low[row] + kFan);
                float high = -kNowhere;
                for (std::size_t k = 0; k < kFan; ++k)
                    if (highs[row + k] != kNowhere) high = std::max(high, highs[row + k]);
                level.high[at] = high;
            }
        levels_.push_back(std::move(level));
    }
}

void CentreTree::nearest(std::span<const float> vectors, int wanted, std::span<const std::uint32_t> hints,
                         std::span<std::uint32_t> indices, std::span<float> squared_distances) const {
    HWY_DYNAMIC_DISPATCH(search)(*this, vectors, wanted, hints, indices.data(), squared_distances.data());
}

}  // namespace volumen
#endif
