#include "encoder/sequence/match.h"

#include <algorithm>
#include <cmath>
#include <nanoflann.hpp>

#include "encoder/neighbours.h"
#include "encoder/sequence/features.h"
#include "formats/core/parallel.h"

namespace volumen {
namespace {

/// Splats whose partners are sought anywhere, by appearance above all, to learn the coarse motion.
constexpr std::size_t kScouts = 2000;
/// This share of the extent counts, for scouts, as much as a neighbour's difference in one component.
constexpr float kScoutReach = 0.02f;
/// A scout is believed when its best partner is this much nearer than the second best (squared distances).
constexpr float kScoutRatio = 0.5f;
/// With fewer believed scouts than this share nothing is known about the motion.
constexpr double kLeastScouts = 0.03;
/// Neighbours over which motion is smoothed, and how often pairs and motion are refined in turn.
constexpr int kSmoothed = 8, kRefinements = 3;
/// Candidates for each splat. More find no better partners.
constexpr int kCandidates = 8;
/// Partners lie within this many spacings of where the motion leads.
constexpr float kReach = 3;
/// … and, turned or not, are more alike than most neighbours.
constexpr float kWorstLooks = 0.75f;
/// Leftovers of the first round look among each other this many more times.
constexpr int kRounds = 4;
constexpr std::size_t kSplatsAtOnce = 512;

constexpr std::size_t kScoutAxes = 3 + kAppearances;

struct ScoutPoints {
    std::vector<std::array<float, kScoutAxes>> values;
    std::size_t kdtree_get_point_count() const { return values.size(); }
    float kdtree_get_pt(std::size_t i, std::size_t axis) const { return values[i][axis]; }
    template <class Box>
    bool kdtree_get_bbox(Box&) const {
        return false;
    }
};
using ScoutTree = nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Adaptor<float, ScoutPoints>, ScoutPoints,
                                                      int(kScoutAxes), std::uint32_t>;

struct Pair {
    std::uint32_t from, to;
    float cost;
};

class Matcher {
  public:
    Matcher(const SplatCloud& from, const SplatCloud& to, std::span<const glm::vec3> motion)
        : from_(positions_of(from)),
          to_(positions_of(to)),
          from_looks_(appearances_of(from)),
          to_looks_(appearances_of(to)),
          from_lasting_(lasting_appearances_of(from)),
          to_lasting_(lasting_appearances_of(to)),
          spread_(measure_spread(to_, to_looks_)),
          lasting_spread_(measure_spread(to_, to_lasting_)),
          motion_(motion.begin(), motion.end()) {
        motion_.resize(from_.size(), glm::vec3(0));
    }

    Match run() {
        scout();
        for (int i = 0; i < kRefinements; ++i) {
            const std::vector<Pair> pairs = mutual(candidates(all(from_.size()), all(to_.size())));
            smooth_motion(pairs);
        }
        Match out;
        out.partner = assign();
        out.motion = std::move(motion_);
        return out;
    }

  private:
    static std::vector<std::uint32_t> all(std::size_t count) {
        std::vector<std::uint32_t> out(count);
        for (std::size_t i = 0; i < count; ++i) out[i] = std::uint32_t(i);
        return out;
    }

    std::array<float, kScoutAxes> scout_point(glm::vec3 position, const Appearance& looks,
                                              float reach) const {
        std::array<float, kScoutAxes> out;
        for (int a = 0; a < 3; ++a) out[std::size_t(a)] = position[a] / reach;
        for (std::size_t k = 0; k < kAppearances; ++k) out[3 + k] = looks[k] / spread_.appearance[k];
        return out;
    }

    /// Coarse motion: a few splats look for themselves far around, by appearance.
    void scout() {
        glm::vec3 low = to_[0], high = to_[0];
        for (const glm::vec3& p : to_) low = glm::min(low, p), high = glm::max(high, p);
        const float reach = std::max(kScoutReach * glm::length(high - low), spread_.spacing);
        ScoutPoints points;
        points.values.resize(to_.size());
        for (std::size_t i = 0; i < to_.size(); ++i)
            points.values[i] = scout_point(to_[i], to_looks_[i], reach);
        if (to_.size() < 2) return;
        const ScoutTree tree(int(kScoutAxes), points, nanoflann::KDTreeSingleIndexAdaptorParams(16));
        const auto scouts = every_nth(from_.size(), kScouts);
        std::vector<std::uint32_t> found(scouts.size(), kNoPartner);
        parallel_for(scouts.size(), 64, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t s = begin; s < end; ++s) {
                const std::size_t i = scouts[s];
                const auto query = scout_point(from_[i] + motion_[i], from_looks_[i], reach);
                std::array<std::uint32_t, 2> index{};
                std::array<float, 2> distance{};
                tree.knnSearch(query.data(), 2, index.data(), distance.data());
                if (distance[0] < kScoutRatio * distance[1]) found[s] = index[0];
            }
        });
        std::vector<Pair> pairs;
        for (std::size_t s = 0; s < scouts.size(); ++s)
            if (found[s] != kNoPartner) pairs.push_back({std::uint32_t(scouts[s]), found[s], 0});
        if (double(pairs.size()) >= kLeastScouts * double(scouts.size())) smooth_motion(pairs);
    }

    /// The motion of every splat of `from`: of the pairs around it, the median on each axis.
    void smooth_motion(const std::vector<Pair>& pairs) {
        if (pairs.empty()) return;
        std::vector<glm::vec3> places, steps;
        for (const Pair& p : pairs) {
            places.push_back(from_[p.from]);
            steps.push_back(to_[p.to] - from_[p.from]);
        }
        const Neighbours around = nearest(places, from_, kSmoothed, false);
        parallel_for(from_.size(), kSplatsAtOnce, [&](std::size_t begin, std::size_t end, int) {
            std::vector<float> values(std::size_t(around.k));
            for (std::size_t i = begin; i < end; ++i)
                for (int axis = 0; axis < 3; ++axis) {
                    for (std::size_t j = 0; j < values.size(); ++j)
                        values[j] = steps[around.indices[i * values.size() + j]][axis];
                    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
                    std::nth_element(values.begin(), middle, values.end());
                    motion_[i][axis] = *middle;
                }
        });
    }

    /// For each of `from` its nearest among `to`, where the motion leads.
    std::vector<Pair> candidates(const std::vector<std::uint32_t>& from,
                                 const std::vector<std::uint32_t>& to) const {
        std::vector<glm::vec3> places, led;
        for (const std::uint32_t i : to) places.push_back(to_[i]);
        for (const std::uint32_t i : from) led.push_back(from_[i] + motion_[i]);
        const Neighbours near = nearest(places, led, kCandidates, false);
        const std::size_t k = std::size_t(near.k);
        const float unit = spread_.spacing * spread_.spacing;
        const float worst = kWorstLooks * std::max(lasting_spread_.neighbour_distance, 1.0f);
        std::vector<Pair> out(led.size() * k);
        parallel_for(led.size(), kSplatsAtOnce, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t e = begin * k; e < end * k; ++e) {
                Pair& p = out[e] = {from[e / k], to[near.indices[e]], near.squared_distances[e] / unit};
                const float lasting =
                    appearance_distance(from_lasting_[p.from], to_lasting_[p.to], lasting_spread_);
                if (p.cost > kReach * kReach || lasting > worst)
                    p.cost = -1;
                else
                    p.cost += appearance_distance(from_looks_[p.from], to_looks_[p.to], spread_);
            }
        });
        std::erase_if(out, [](const Pair& p) { return p.cost < 0; });
        return out;
    }

    /// Those pairs of which each is the other's best.
    std::vector<Pair> mutual(const std::vector<Pair>& pairs) const {
        std::vector<const Pair*> best_from(from_.size()), best_to(to_.size());
        for (const Pair& p : pairs) {
            const Pair*& f = best_from[p.from];
            const Pair*& t = best_to[p.to];
            if (!f || p.cost < f->cost) f = &p;
            if (!t || p.cost < t->cost) t = &p;
        }
        std::vector<Pair> out;
        for (const Pair* p : best_from)
            if (p && best_to[p->to] == p) out.push_back(*p);
        return out;
    }

    /// The cheapest pair first, then the cheapest of what is left, and so on.
    std::vector<std::uint32_t> assign() const {
        std::vector<std::uint32_t> partner(to_.size(), kNoPartner);
        std::vector<bool> taken(from_.size());
        std::vector<std::uint32_t> from = all(from_.size()), to = all(to_.size());
        for (int round = 0; round < kRounds && !from.empty() && !to.empty(); ++round) {
            std::vector<Pair> pairs = candidates(from, to);
            std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
                return a.cost != b.cost ? a.cost < b.cost : a.from != b.from ? a.from < b.from : a.to < b.to;
            });
            for (const Pair& p : pairs)
                if (!taken[p.from] && partner[p.to] == kNoPartner) {
                    taken[p.from] = true;
                    partner[p.to] = p.from;
                }
            std::erase_if(from, [&](std::uint32_t i) { return taken[i]; });
            std::erase_if(to, [&](std::uint32_t i) { return partner[i] != kNoPartner; });
        }
        return partner;
    }

    std::vector<glm::vec3> from_, to_;
    std::vector<Appearance> from_looks_, to_looks_, from_lasting_, to_lasting_;
    Spread spread_, lasting_spread_;
    std::vector<glm::vec3> motion_;
};

/// One splat in two frames differs by less than this share of what neighbours differ by, squared distances:
/// the middle one, and all but a tenth.
constexpr float kSameMiddle = 0.25f, kSameMost = 1;
constexpr std::size_t kOrderSamples = 2000;
/// Where all splats look alike: the same splat moves less than this share of the way to any other.
constexpr float kSamePlace = 0.1f;

}  // namespace

Match match_splats(const SplatCloud& from, const SplatCloud& to, std::span<const glm::vec3> motion) {
    return Matcher(from, to, motion).run();
}

bool same_order(const SplatCloud& from, const SplatCloud& to) {
    if (from.count != to.count) return false;
    if (from.count < 2) return true;
    const auto sample = every_nth(from.count, kOrderSamples);
    const std::vector<glm::vec3> places = positions_of(to), before = positions_of(from);
    const std::vector<Appearance> looks = lasting_appearances_of(to), looked = lasting_appearances_of(from);
    const Spread spread = measure_spread(places, looks);
    const auto quantile = [&](std::vector<float> values, double share) {
        const auto at = values.begin() + std::ptrdiff_t(share * double(values.size() - 1));
        std::nth_element(values.begin(), at, values.end());
        return *at;
    };
    std::vector<float> same, steps, any;
    for (std::size_t s = 0; s < sample.size(); ++s) {
        const std::size_t i = sample[s], j = sample[(s + sample.size() / 2) % sample.size()];
        same.push_back(appearance_distance(looked[i], looks[i], spread));
        steps.push_back(glm::distance(before[i], places[i]));
        any.push_back(glm::distance(before[i], places[j]));
    }
    if (spread.neighbour_distance < 1) return quantile(steps, 0.5) <= kSamePlace * quantile(any, 0.5);
    return quantile(same, 0.5) <= kSameMiddle * spread.neighbour_distance &&
           quantile(same, 0.9) <= kSameMost * spread.neighbour_distance;
}

}  // namespace volumen
