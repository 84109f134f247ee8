#include "encoder/train/few_cameras.h"

#include <algorithm>

#include "formats/core/error.h"

namespace volumen::train {
namespace {

/// The highest degree whose coefficients are no more than the views that see a surface: half of all.
int told_sh_degree(int views) {
    int degree = 0;
    while (degree < kMaxShDegree && 2 * sh_coefficients(degree + 1) <= views) ++degree;
    return degree;
}

}  // namespace

FewCameras few_cameras_mode(const std::string& name) {
    if (name == "auto") return FewCameras::automatic;
    if (name == "on") return FewCameras::on;
    if (name == "off") return FewCameras::off;
    throw UsageError("--few-cameras {}: there are auto, on and off", name);
}

float views_of_a_surface(std::span<const Camera> cameras, glm::vec3 centre) {
    float sum = 0;
    for (const Camera& a : cameras)
        for (const Camera& b : cameras) {
            const glm::vec3 to_a = a.centre() - centre, to_b = b.centre() - centre;
            const float lengths = glm::length(to_a) * glm::length(to_b);
            const float cosine = lengths > 0 ? std::max(glm::dot(to_a, to_b) / lengths, 0.0f) : 1.0f;
            sum += cosine * cosine;
        }
    return cameras.empty() ? 0 : sum / float(cameras.size());
}

TrainSettings for_few_cameras(TrainSettings settings, int views, bool own_splats, bool own_sh_degree) {
    settings.dropout = 0.15f;
    settings.spread_weight = 1;
    settings.smooth_weight = 0.1f;
    settings.photo_weight = kPhotoWeight, settings.photo_angle = kNeighbourAngle;
    settings.flat_weight = 0.1f;
    settings.hull_slack = 0.02f;
    settings.start_share = 0.3f, settings.start_opacity = 0.5f;
    settings.position_rate *= 2;
    if (!own_splats) settings.pixels_per_splat = 8;
    if (!own_sh_degree) settings.sh_degree = std::min(settings.sh_degree, told_sh_degree(views));
    return settings;
}

std::size_t subject_pixels(const TrainingFrame& frame) {
    std::size_t count = 0;
    for (const TrainingView& view : frame.views)
        count += view.alpha.empty()
                     ? view.colour.area()
                     : std::size_t(std::ranges::count_if(view.alpha, [](float a) { return a >= 0.5f; }));
    return count;
}

}  // namespace volumen::train
