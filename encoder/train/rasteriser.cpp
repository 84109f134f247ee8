#include "encoder/train/rasteriser.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <chrono>
#include <functional>
#include <vector>

#include "encoder/train/binning.h"
#include "encoder/train/blend.h"
#include "encoder/train/projection.h"
#include "formats/core/parallel.h"

namespace volumen::train {

namespace {

/// Milliseconds since the last call, or since it was made.
class Stopwatch {
  public:
    double lap() {
        const Clock::time_point now = Clock::now();
        const double ms = std::chrono::duration<double, std::milli>(now - last_).count();
        last_ = now;
        return ms;
    }

  private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point last_ = Clock::now();
};

}  // namespace

struct Rasteriser::State {
    const SplatCloud* cloud = nullptr;
    View view{};
    glm::vec3 background{0};
    TileGrid grid;
    PlanarImage image;
    std::vector<float> alpha;
    enum class Shows : char { kNothing, kBackground, kSplats, kNewSplats };
    std::vector<Shows> shows;          ///< what each tile of the image holds
    std::vector<std::uint32_t> stale;  ///< tiles to be given back to the background

    std::vector<ScreenSplat> screen;
    std::vector<float> radii, screen_gradients, weights;
    TileLists lists;
    std::vector<TileState> tile_states;  ///< in the order of lists.occupied()
    std::vector<float> entry_sums;       ///< kEntrySums for each of lists.entries()
    RasterProfile profile;

    void shape_image(const Camera& camera, glm::vec3 new_background);
    void find_stale();
    void clear_tile(std::size_t tile);
    void project_part(std::size_t part);
    TileJob job(std::size_t occupied_index);
    void gather_sums(std::size_t begin, std::size_t end, ScreenSums& sums);
};

void Rasteriser::State::shape_image(const Camera& camera, glm::vec3 new_background) {
    const TileGrid wanted(camera.width, camera.height);
    if (!(wanted == grid)) {
        grid = wanted;
        image = PlanarImage(camera.width, camera.height);
        alpha.assign(image.area(), 0.0f);
        shows.assign(grid.tiles(), Shows::kNothing);
    } else if (new_background != background) {
        std::ranges::fill(shows, Shows::kNothing);
    }
    background = new_background;
}

/// Only the tiles that splats touch change from view to view; the background of the others is drawn once.
void Rasteriser::State::find_stale() {
    for (const std::uint32_t tile : lists.occupied()) shows[tile] = Shows::kNewSplats;
    stale.clear();
    for (std::size_t tile = 0; tile < shows.size(); ++tile) {
        if (shows[tile] == Shows::kNewSplats) {
            shows[tile] = Shows::kSplats;
        } else if (shows[tile] != Shows::kBackground) {
            shows[tile] = Shows::kBackground;
            stale.push_back(std::uint32_t(tile));
        }
    }
}

void Rasteriser::State::clear_tile(std::size_t tile) {
    const int x = int(tile % grid.columns) * kTileSide, y = int(tile / grid.columns) * kTileSide;
    const int width = std::min(kTileSide, grid.width - x), height = std::min(kTileSide, grid.height - y);
    for (int row = y; row < y + height; ++row) {
        const std::size_t at = std::size_t(row) * grid.width + x;
        for (int k = 0; k < 3; ++k) std::fill_n(image.plane(k).data() + at, width, background[k]);
        std::fill_n(alpha.data() + at, width, 0.0f);
    }
}

TileJob Rasteriser::State::job(std::size_t occupied_index) {
    const std::size_t tile = lists.occupied()[occupied_index];
    const int x = int(tile % grid.columns) * kTileSide, y = int(tile / grid.columns) * kTileSide;
    return {lists.tile(tile),
            x,
            y,
            std::min(kTileSide, grid.width - x),
            std::min(kTileSide, grid.height - y),
            &background[0],
            &tile_states[occupied_index]};
}

void Rasteriser::State::project_part(std::size_t part) {
    Footprints footprints;
    const auto [begin, end] = lists.part(part);
    for (std::size_t first = begin; first < end; first += kProjectionRun) {
        const std::size_t last = std::min(first + kProjectionRun, end);
        project(*cloud, view, first, last, screen.data(), radii.data(), footprints);
        lists.add_run(part, first, last - first, screen.data(), footprints);
        for (std::size_t i = first; i < last; ++i)
            if (!lists.touches_any(i)) radii[i] = 0;
    }
}

/// Adds the sums of each splat's entries, in the order of its tiles.
void Rasteriser::State::gather_sums(std::size_t begin, std::size_t end, ScreenSums& sums) {
    for (std::size_t i = begin; i < end; ++i) {
        const auto places = lists.places(i);
        float total[kEntrySums] = {};
        for (const std::uint32_t place : places) {
            const float* entry = entry_sums.data() + place * kEntrySums;
            for (std::size_t k = 0; k < kEntrySums; ++k) total[k] += entry[k];
        }
        for (std::size_t k = 0; k < kEntrySums; ++k) sums.value[k][i - begin] = total[k];
        sums.drawn[i - begin] = places.empty() ? 0.0f : 1.0f;
        weights[i] = total[ScreenSums::kWeight];
    }
}

Rasteriser::Rasteriser() : state_(std::make_unique<State>()) {}
Rasteriser::~Rasteriser() = default;

const PlanarImage& Rasteriser::forward(const SplatCloud& cloud, const Camera& camera,
                                       const RasterSettings& settings) {
    State& s = *state_;
    Stopwatch watch;
    s.cloud = &cloud;
    s.view = make_view(camera, settings, cloud.sh_degree);
    s.shape_image(camera, settings.background);
    s.screen.resize(cloud.count), s.radii.resize(cloud.count);

    s.lists.begin(s.grid, cloud.count);
    const auto project_parts = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t part = begin; part < end; ++part) s.project_part(part);
    };
    parallel_for(s.lists.parts(), 1, std::cref(project_parts));
    s.profile.project_ms = watch.lap();
    s.lists.finish(s.screen.data());
    s.profile.bin_ms = watch.lap();

    const auto occupied = s.lists.occupied();
    if (s.tile_states.size() < occupied.size()) s.tile_states.resize(occupied.size());
    s.find_stale();
    constexpr std::size_t kClearedAtOnce = 8;
    const std::size_t clears = (s.stale.size() + kClearedAtOnce - 1) / kClearedAtOnce;
    const auto draw = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            if (i < occupied.size()) {
                blend_tile(s.job(i), s.image, s.alpha.data());
                continue;
            }
            const std::size_t first = (i - occupied.size()) * kClearedAtOnce;
            const std::size_t last = std::min(first + kClearedAtOnce, s.stale.size());
            for (std::size_t k = first; k < last; ++k) s.clear_tile(s.stale[k]);
        }
    };
    parallel_for(occupied.size() + clears, 1, std::cref(draw));
    s.profile.blend_ms = watch.lap();
    return s.image;
}

void Rasteriser::backward(const PlanarImage& d_image, std::span<const float> d_alpha, SplatCloud& gradients) {
    State& s = *state_;
    assert(s.cloud && d_image.width == s.grid.width && d_image.height == s.grid.height);
    assert(d_alpha.empty() || d_alpha.size() == d_image.area());
    Stopwatch watch;
    const SplatCloud& cloud = *s.cloud;
    if (gradients.count != cloud.count || gradients.sh_degree != cloud.sh_degree)
        gradients = SplatCloud(cloud.count, cloud.sh_degree);
    s.screen_gradients.resize(cloud.count), s.weights.resize(cloud.count);
    s.entry_sums.resize(s.lists.entries().size() * kEntrySums);

    const float* coverage = d_alpha.empty() ? nullptr : d_alpha.data();
    const auto blend_tiles = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            const TileJob job = s.job(i);
            const std::size_t first = std::size_t(job.entries.data() - s.lists.entries().data());
            blend_tile_backward(job, d_image, coverage, s.entry_sums.data() + first * kEntrySums);
        }
    };
    parallel_for(s.lists.occupied().size(), 1, std::cref(blend_tiles));
    s.profile.blend_backward_ms = watch.lap();

    const auto splats_backward = [&](std::size_t begin, std::size_t end, int) {
        ScreenSums sums;
        for (std::size_t first = begin; first < end; first += kProjectionRun) {
            const std::size_t last = std::min(first + kProjectionRun, end);
            s.gather_sums(first, last, sums);
            project_backward(cloud, s.view, first, last, sums, gradients, s.screen_gradients.data());
        }
    };
    parallel_for(cloud.count, kProjectionRun, std::cref(splats_backward));
    s.profile.project_backward_ms = watch.lap();
}

RasterProfile Rasteriser::profile() const {
    RasterProfile out = state_->profile;
    out.entries = state_->lists.entries().size();
    for (const TileEntry& entry : state_->lists.entries())
        out.pairs += std::size_t(std::popcount(entry.blocks)) * kBlockSide * kBlockSide;
    return out;
}

std::span<const float> Rasteriser::alpha() const {
    return state_->alpha;
}
std::span<const float> Rasteriser::radii() const {
    return state_->radii;
}
std::span<const float> Rasteriser::screen_gradients() const {
    return state_->screen_gradients;
}
std::span<const float> Rasteriser::weights() const {
    return state_->weights;
}

}  // namespace volumen::train
