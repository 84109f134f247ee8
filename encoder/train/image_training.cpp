#include "encoder/train/image_training.h"

#include <algorithm>
#include <cmath>

#include "encoder/train/densify.h"
#include "encoder/train/few_cameras.h"
#include "encoder/train/hull.h"
#include "encoder/train/initialise.h"
#include "encoder/train/neighbour_photos.h"
#include "encoder/train/quaternion.h"
#include "encoder/train/regularise.h"
#include "encoder/train/surface.h"

namespace volumen::train {
namespace {

constexpr float kRateDecay = 0.01f;  ///< last rate of positions, of the first
/// Share of a still frame's iterations before the depth terms: while splats are half transparent, they would
/// pull the front of a body and its back together.
constexpr float kDepthFrom = 0.5f;
constexpr int kDepthEvery = 2;  ///< the depth terms cost as much as an image: only so often
constexpr int kShSteps = 4;     ///< a still frame's SH grows by a degree each such part of its iterations
constexpr float kColourLater = 0.25f;  ///< rate of the cameras' colours after the first frame, of that in it

}  // namespace

float decayed(float t, float last) {
    return std::pow(last, t);
}

float extent_of(const SplatCloud& cloud) {
    const auto median = [](std::vector<float> values) {
        const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
        std::nth_element(values.begin(), middle, values.end());
        return *middle;
    };
    glm::vec3 centre;
    for (int a = 0; a < 3; ++a) {
        const std::span<const float> axis = cloud.channel(SplatCloud::kPosition + a);
        centre[a] = median({axis.begin(), axis.end()});
    }
    std::vector<float> distance(cloud.count);
    for (std::size_t i = 0; i < cloud.count; ++i) distance[i] = glm::length(position(cloud, i) - centre);
    return std::max(1.5f * median(distance), 1e-6f);
}

Pyramid::Pyramid(const TrainingFrame& frame, int halvings, int smallest) : frame_(frame) {
    for (int level = 0; level < halvings; ++level) {
        const TrainingFrame& larger = smaller_.empty() ? frame : smaller_.back();
        const Camera& camera = larger.views.front().camera;
        if (std::min(camera.width, camera.height) < 2 * smallest) break;
        smaller_.push_back(half_size(larger));
    }
}

ImageTraining::ImageTraining(const TakeInfo& info, const std::optional<PointCloud>& points,
                             const TrainSettings& wanted)
    : settings(wanted), random(wanted.seed), info_(info), points_(points) {
    photometric.colour = CameraColour(settings.colour);
}

int ImageTraining::affordable_splats(const TrainingFrame& frame) const {
    if (settings.pixels_per_splat <= 0) return settings.splats;
    return int(std::clamp<std::size_t>(subject_pixels(frame) / std::size_t(settings.pixels_per_splat), 1,
                                       std::size_t(settings.splats)));
}

SplatCloud ImageTraining::start(const TrainingFrame& frame, int splats, float start_share, int sh_degree) {
    TrainSettings own = settings;
    own.splats = splats, own.start_share = start_share, own.sh_degree = sh_degree;
    return initial_cloud(frame, info_, points_, own, random);
}

void ImageTraining::begin_frame(bool first) {
    photometric.colour_rate = (first ? 1 : kColourLater) * settings.colour_rate;
}

RasterSettings ImageTraining::raster(const TrainingFrame& frame) {
    const float random_share = frame.views.front().alpha.empty() ? 0 : settings.random_background;
    RasterSettings raster;
    raster.background = draw_background(random, random_share, info_.background);
    return raster;
}

void ImageTraining::judge_colours(const SplatCloud& cloud, const TrainingFrame& frame, int sh_degree) {
    const auto wanted = [&](const TrainingView& view) { return photometric.colour.wants(view.view); };
    if (std::ranges::none_of(frame.views, wanted)) return;
    RasterSettings raster;
    raster.background = info_.background, raster.sh_degree = sh_degree;
    photometric.colour.judge(photometric.colour_ratios(cloud, frame, raster));
}

void ImageTraining::descend_view(const SplatCloud& cloud, const TrainingView& view,
                                 const RasterSettings& raster, SplatCloud& gradients) {
    if (settings.dropout <= 0) {
        photometric(cloud, view, raster, settings.ssim_weight, gradients);
        return;
    }
    photometric(dropout_.thin(cloud, settings.dropout, random), view, raster, settings.ssim_weight,
                gradients);
    dropout_.pull_back(gradients);
}

/// Adds the gradients of the terms that make the splats a surface.
void ImageTraining::keep_surface(const SplatCloud& cloud, const TrainingView& view, bool with_depths,
                                 const DepthTerm& photos, SplatCloud& gradients) {
    const DepthWeights weights{kDepthEvery * settings.spread_weight, kDepthEvery * settings.smooth_weight};
    if (with_depths && (weights.any() || photos))
        depth_terms_(cloud, view, middle(), extent, weights, gradients, photos);
    if (settings.flat_weight > 0) flat_term(cloud, settings.flat_weight / extent, gradients);
}

std::vector<float> ImageTraining::rates(const SplatCloud& cloud, float position_rate, float rotation_rate,
                                        float scale) const {
    std::vector<float> out(std::size_t(cloud.channels()),
                           scale * settings.sh_rate / settings.rest_rate_divisor);
    const auto set = [&](int channel, int count, float rate) {
        std::fill_n(out.begin() + channel, count, rate);
    };
    set(SplatCloud::kPosition, 3, position_rate * extent);
    set(SplatCloud::kRotation, 4, rotation_rate);
    set(SplatCloud::kScale, 3, scale * settings.scale_rate);
    set(SplatCloud::kOpacity, 1, scale * settings.opacity_rate);
    set(SplatCloud::kSh, 3, scale * settings.sh_rate);
    return out;
}

void ImageTraining::train_still(SplatCloud& cloud, const TrainingFrame& frame, const StillRun& run,
                                Tick& tick) {
    Adam adam;
    Densifier densifier;
    ViewOrder order(int(frame.views.size()));
    SplatCloud gradients;
    Densifier::Settings growth{
        .budget = run.budget, .opacity_floor = run.opacity_floor, .extent = extent, .doomed = {}};
    const float start_rate = run.from_nothing ? settings.position_rate : 0.3f * settings.position_rate;
    std::optional<NeighbourPhotos> photos;
    if (settings.photo_weight > 0) photos.emplace(frame, middle(), extent, settings.photo_angle);
    std::size_t shown = 0;  // the iteration's view
    DepthTerm agree;
    if (photos && photos->any())
        agree = [&](const DepthImage& depth, std::span<float> d_z) {
            return (*photos)(shown, depth, kDepthEvery * settings.photo_weight, d_z);
        };
    const int iterations = run.iterations, from = int(run.densify_from * float(iterations)),
              until = int(run.densify_until * float(iterations));
    for (int i = 0; i < iterations; ++i) {
        const float t = float(i) / float(iterations);
        RasterSettings raster = this->raster(frame);
        // Low SH degrees settle first.
        raster.sh_degree =
            run.from_nothing ? std::min(settings.sh_degree, i * kShSteps / iterations) : settings.sh_degree;
        if (run.judge_colours && i == iterations / kShSteps) judge_colours(cloud, frame, 0);
        shown = std::size_t(order.next(random));
        const TrainingView& view = frame.views[shown];
        descend_view(cloud, view, raster, gradients);
        shrink_term(cloud, settings.opacity_weight, settings.size_weight / extent, gradients);
        const bool with_depths = float(i) >= kDepthFrom * float(iterations) && i % kDepthEvery == 0;
        keep_surface(cloud, view, with_depths, agree, gradients);
        if (run.terms) run.terms(cloud, gradients);
        adam.step(cloud, gradients,
                  rates(cloud, start_rate * decayed(t, kRateDecay), settings.rotation_rate, 1));
        if (i < until) densifier.observe(photometric.rasteriser);
        if (i >= from && i < until && i % run.densify_every == 0) {
            if (settings.hull_slack > 0)
                growth.doomed = outside_hull(frame, cloud, settings.hull_slack * extent);
            densifier.run(cloud, adam, growth, random);
        }
        tick();
    }
}

void ImageTraining::search_motion(const Deformation& deformation, const MotionGraph& graph,
                                  const Pyramid& images, const MotionSearch& search, SplatCloud& cloud,
                                  SplatCloud& motion, Tick& tick) {
    SplatCloud gradients, d_motion;
    Adam adam;
    ViewOrder order(int(images.level(0).views.size()));
    std::vector<float> node_rates(std::size_t(motion.channels()), 0);
    const std::size_t levels = std::min(images.levels(), std::size_t(search.halvings) + 1);
    for (int i = 0; i < search.iterations; ++i) {
        const float t = float(i) / float(search.iterations);
        const std::size_t level = levels - 1 - std::min(std::size_t(t * float(levels)), levels - 1);
        const TrainingFrame& frame = images.level(level);
        const float rate = search.rate * decayed(t, 0.1f);
        std::fill_n(node_rates.begin() + SplatCloud::kPosition, 3, rate * extent);
        std::fill_n(node_rates.begin() + SplatCloud::kRotation, 4, rate);
        RasterSettings raster = this->raster(frame);
        raster.compensate = level > 0;  // small images: splats thinner than a pixel must not grow
        deformation.warp(motion, cloud);
        photometric(cloud, frame.views[std::size_t(order.next(random))], raster, settings.ssim_weight,
                    gradients);
        deformation.pull_back(motion, gradients, d_motion);
        graph.arap(motion, search.stiffness * settings.arap_weight, d_motion);
        adam.step(motion, d_motion, node_rates);
        tick();
    }
    deformation.warp(motion, cloud);
}

void ImageTraining::fine_tune(SplatCloud& cloud, const SplatCloud& previous, RigidTerm& rigid,
                              const TrainingFrame& frame, const CloudTerms& terms, Tick& tick) {
    Adam adam;
    ViewOrder order(int(frame.views.size()));
    SplatCloud gradients;
    const std::vector<float> temporal = temporal_weights(cloud);
    judge_colours(cloud, frame, settings.sh_degree);  // of cameras that had no image before
    for (int i = 0; i < settings.fine_iterations; ++i) {
        const float t = float(i) / float(settings.fine_iterations);
        const RasterSettings raster = this->raster(frame);
        const TrainingView& view = frame.views[std::size_t(order.next(random))];
        descend_view(cloud, view, raster, gradients);
        rigid(cloud, settings.rigid_weight, gradients);
        temporal_term(cloud, previous, temporal, gradients);
        if (terms) terms(cloud, gradients);
        const float decay = decayed(t, 0.1f);
        adam.step(cloud, gradients,
                  rates(cloud, settings.fine_position_rate * decay, settings.rotation_rate,
                        settings.fine_rate_scale * decay));
        tick();
    }
}

std::vector<float> ImageTraining::temporal_weights(const SplatCloud& cloud) const {
    std::vector<float> out(std::size_t(cloud.channels()), settings.temporal_weight);
    std::fill_n(out.begin() + SplatCloud::kPosition, 3, settings.temporal_weight / extent);
    return out;
}

void ImageTraining::fields(Archive& archive) {
    archive(random);
    archive(extent);
    archive(budget);
    photometric.colour.fields(archive);
}

bool ImageTraining::valid() const {
    return std::isfinite(extent) && extent > 0 && budget >= 1 && budget <= settings.splats;
}

}  // namespace volumen::train
