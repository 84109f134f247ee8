#include "encoder/masks/volume.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "formats/core/parallel.h"

namespace volumen::masks {
namespace {

constexpr int kCoarse = 48;             ///< cells a side of the first, conservative pass
constexpr int kFine = 144;              ///< voxels along the longest side of what it leaves, at most
constexpr float kMostVoxels = 600'000;  ///< … and in all: where many cells are left the voxels are larger
/// Voxels are no smaller than this many pixels of the view that sees them best.
constexpr float kLeastPixels = 0.8f;
constexpr int kStretch = 3;  ///< voxels behind one pixel that make a stretch of its ray
constexpr float kNear = 1e-3f;
/// Bounds are a guess from the cameras: the volume that is looked at is so much larger.
constexpr float kReach = 1.25f;

/// How many views may see background where all others see the performer: one in six.
int tolerated(int views) {
    return views / 6;
}
struct Projected {
    float u, v, z;
    bool in_front() const { return z > kNear; }
};

Projected project(const Camera& camera, glm::vec3 p) {
    const glm::vec3 c = camera.to_camera(p);
    if (c.z <= kNear) return {0, 0, 0};
    return {camera.fx * c.x / c.z + camera.cx, camera.fy * c.y / c.z + camera.cy, c.z};
}

/// The pixels that a cube's bounding square covers.
struct Square {
    int x0, y0, x1, y1;  ///< without x1, y1
    bool empty() const { return x0 >= x1 || y0 >= y1; }
};

Square footprint(const Camera& camera, glm::vec3 p, float half) {
    const Projected at = project(camera, p);
    if (!at.in_front()) return {0, 0, 0, 0};
    const float reach = half * std::max(camera.fx, camera.fy) / at.z;
    const auto pixel = [](float x, int side) { return int(std::clamp(x, 0.0f, float(side))); };
    return {pixel(std::floor(at.u - reach), camera.width), pixel(std::floor(at.v - reach), camera.height),
            pixel(std::floor(at.u + reach) + 1, camera.width),
            pixel(std::floor(at.v + reach) + 1, camera.height)};
}

/// Sums over rectangles of a view's labels.
class Sums {
  public:
    explicit Sums(const LabelledView& view) : stride_(std::size_t(view.camera.width) + 1) {
        const std::size_t width = stride_ - 1, height = std::size_t(view.camera.height);
        sums_.assign(stride_ * (height + 1), {0, 0});
        for (std::size_t y = 0; y < height; ++y) {
            Count row{0, 0};
            for (std::size_t x = 0; x < width; ++x) {
                const Label label = view.labels[y * width + x];
                row.performer += label == Label::performer, row.unsure += label == Label::unsure;
                const Count& above = sums_[y * stride_ + x + 1];
                sums_[(y + 1) * stride_ + x + 1] = {above.performer + row.performer,
                                                    above.unsure + row.unsure};
            }
        }
    }
    /// The most performer-like label in it.
    Label any(const Square& s) const {
        const auto sum = [&](std::uint32_t Count::*what) {
            const auto at = [&](int x, int y) {
                return sums_[std::size_t(y) * stride_ + std::size_t(x)].*what;
            };
            return at(s.x1, s.y1) - at(s.x0, s.y1) - at(s.x1, s.y0) + at(s.x0, s.y0);
        };
        return sum(&Count::performer) ? Label::performer
               : sum(&Count::unsure)  ? Label::unsure
                                      : Label::background;
    }

  private:
    struct Count {
        std::uint32_t performer, unsure;
    };
    std::size_t stride_;
    std::vector<Count> sums_;
};

struct Votes {
    std::uint16_t seen = 0, performer = 0, background = 0;

    void add(Label label) {
        ++seen;
        performer = std::uint16_t(performer + (label == Label::performer));
        background = std::uint16_t(background + (label == Label::background));
    }
    Votes without(Label label) const {
        return {std::uint16_t(seen - 1), std::uint16_t(performer - (label == Label::performer)),
                std::uint16_t(background - (label == Label::background))};
    }
    /// In with hardly a view against it.
    bool surely_in() const { return in() && 3 * background <= tolerated(seen); }
    bool judged() const { return seen >= 2; }
    /// Of those that can tell, two in five must see the performer; of all, one in six.
    bool in() const {
        const int telling = performer + background;
        return judged() && performer >= std::max({2, (2 * telling + 4) / 5, seen / 6}) &&
               background <= tolerated(seen);
    }
};

struct Grid {
    glm::vec3 origin{0};
    float cell = 0;
    glm::ivec3 size{0};
    std::vector<Votes> votes;

    Grid(glm::vec3 low, glm::vec3 high, int cells, float least_cell) : origin(low) {
        const glm::vec3 side = high - low;
        cell = std::max({std::max({side.x, side.y, side.z}) / float(cells), least_cell,
                         std::cbrt(side.x * side.y * side.z / kMostVoxels)});
        size = glm::max(glm::ivec3(glm::ceil(side / cell - 1e-3f)), glm::ivec3(1));
        votes.resize(std::size_t(size.x) * std::size_t(size.y) * std::size_t(size.z));
    }
    std::size_t index(glm::ivec3 p) const {
        return (std::size_t(p.z) * std::size_t(size.y) + std::size_t(p.y)) * std::size_t(size.x) +
               std::size_t(p.x);
    }
    glm::vec3 centre(glm::ivec3 p) const { return origin + (glm::vec3(p) + 0.5f) * cell; }
    template <class Body>
    void each(const Body& body) const {
        for (int z = 0; z < size.z; ++z)
            for (int y = 0; y < size.y; ++y)
                for (int x = 0; x < size.x; ++x) body(glm::ivec3(x, y, z));
    }
};

/// Votes by what each cell's whole footprint may hold.
void vote_coarsely(Grid& grid, std::span<const LabelledView> views) {
    std::vector<Sums> sums;
    sums.reserve(views.size());
    for (const LabelledView& view : views) sums.emplace_back(view);
    parallel_for(std::size_t(grid.size.z), 1, [&](std::size_t begin, std::size_t end, int) {
        for (int z = int(begin); z < int(end); ++z)
            for (int y = 0; y < grid.size.y; ++y)
                for (int x = 0; x < grid.size.x; ++x)
                    for (std::size_t v = 0; v < views.size(); ++v) {
                        const Square s =
                            footprint(views[v].camera, grid.centre({x, y, z}), 0.87f * grid.cell);
                        if (!s.empty()) grid.votes[grid.index({x, y, z})].add(sums[v].any(s));
                    }
    });
}

/// Whether leaving one view out may vote the cell in.
bool may_be_in(const Votes& votes) {
    if (votes.in()) return true;
    const Votes fewer = votes.without(Label::background);
    return votes.seen > 2 && votes.background > 0 && fewer.in();
}

/// The label at a point's pixel; nothing where the view does not see it.
const Label* label_at(const LabelledView& view, glm::vec3 p) {
    const Projected at = project(view.camera, p);
    if (!at.in_front() || !(at.u >= 0 && at.v >= 0)) return nullptr;
    if (!(at.u < float(view.camera.width) && at.v < float(view.camera.height))) return nullptr;
    return &view.labels[std::size_t(int(at.v)) * std::size_t(view.camera.width) + std::size_t(int(at.u))];
}

void vote_finely(Grid& grid, std::span<const LabelledView> views, const Grid& coarse) {
    parallel_for(std::size_t(grid.size.z), 1, [&](std::size_t begin, std::size_t end, int) {
        for (int z = int(begin); z < int(end); ++z)
            for (int y = 0; y < grid.size.y; ++y)
                for (int x = 0; x < grid.size.x; ++x) {
                    const glm::vec3 p = grid.centre({x, y, z});
                    const glm::ivec3 cell =
                        glm::clamp(glm::ivec3(glm::floor((p - coarse.origin) / coarse.cell)), glm::ivec3(0),
                                   coarse.size - 1);
                    if (!may_be_in(coarse.votes[coarse.index(cell)])) continue;
                    for (const LabelledView& view : views)
                        if (const Label* label = label_at(view, p))
                            grid.votes[grid.index({x, y, z})].add(*label);
                }
    });
}

/// What of a view's image two others can judge: the cells that they see.
void mark_judged(const Grid& coarse, const Camera& camera, std::vector<Support>& out) {
    coarse.each([&](glm::ivec3 cell) {
        if (coarse.votes[coarse.index(cell)].seen < 3) return;
        const Square s = footprint(camera, coarse.centre(cell), 0.5f * coarse.cell);
        for (int y = s.y0; y < s.y1; ++y)
            std::fill_n(out.begin() + std::ptrdiff_t(y) * camera.width + s.x0, s.x1 - s.x0, Support::none);
    });
}

void mark_support(const Grid& grid, const LabelledView& view, std::vector<Support>& out) {
    std::vector<std::uint16_t> behind(out.size(), 0), surely_behind(out.size(), 0);
    const auto fill = [&](const Square& s, const auto& body) {
        for (int y = s.y0; y < s.y1; ++y)
            for (int x = s.x0; x < s.x1; ++x)
                body(std::size_t(y) * std::size_t(view.camera.width) + std::size_t(x));
    };
    grid.each([&](glm::ivec3 cell) {
        const Votes& votes = grid.votes[grid.index(cell)];
        if (votes.performer < 2) return;
        const glm::vec3 p = grid.centre(cell);
        const Label* own = label_at(view, p);
        if (!own) return;
        const Votes others = votes.without(*own);
        if (!others.in()) return;
        // Twice as wide as the voxel: what is close by may still hold an edge.
        fill(footprint(view.camera, p, grid.cell),
             [&](std::size_t i) { out[i] = std::max(out[i], Support::some); });
        fill(footprint(view.camera, p, 0.5f * grid.cell), [&](std::size_t i) {
            if (++behind[i] >= kStretch) out[i] = std::max(out[i], Support::inside);
            if (others.surely_in() && ++surely_behind[i] >= kStretch) out[i] = Support::sure;
        });
    });
}

}  // namespace

Volume Volume::around(const TakeInfo& info) {
    const glm::vec3 half = 0.5f * (info.bounds_max - info.bounds_min);
    return {0.5f * (info.bounds_min + info.bounds_max), kReach * std::max({half.x, half.y, half.z})};
}

std::vector<std::vector<Support>> Volume::support(std::span<const LabelledView> views) {
    std::vector<std::vector<Support>> out;
    for (const LabelledView& view : views) out.emplace_back(view.labels.size(), Support::unjudged);
    filled_ = 0;
    if (views.size() < 3) return out;
    float pixel = INFINITY;
    for (const LabelledView& view : views)
        pixel = std::min(
            pixel, glm::length(view.camera.centre() - centre_) / std::max(view.camera.fx, view.camera.fy));
    Grid coarse(centre_ - radius_, centre_ + radius_, kCoarse, 0);
    vote_coarsely(coarse, views);
    glm::ivec3 low(kCoarse), high(-1);
    coarse.each([&](glm::ivec3 cell) {
        if (may_be_in(coarse.votes[coarse.index(cell)]))
            low = glm::min(low, cell), high = glm::max(high, cell);
    });
    std::optional<Grid> fine;
    if (high.x >= 0) {
        fine.emplace(coarse.origin + glm::vec3(low) * coarse.cell,
                     coarse.origin + glm::vec3(high + 1) * coarse.cell, kFine, kLeastPixels * pixel);
        vote_finely(*fine, views, coarse);
        filled_ = std::size_t(
            std::count_if(fine->votes.begin(), fine->votes.end(), [](const Votes& v) { return v.in(); }));
    }
    parallel_for(views.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t v = begin; v < end; ++v) {
            mark_judged(coarse, views[v].camera, out[v]);
            if (fine) mark_support(*fine, views[v], out[v]);
        }
    });
    return out;
}

}  // namespace volumen::masks
