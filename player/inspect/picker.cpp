#include "player/inspect/picker.h"

#include <algorithm>

namespace volumen {
namespace {

constexpr std::size_t kNeighbours = 4;

bool in_one_segment(std::span<const SegmentInfo> segments, int a, int b) {
    return std::ranges::any_of(segments, [&](const SegmentInfo& s) {
        const auto holds = [&](int frame) {
            return frame >= s.first_frame && frame < s.first_frame + s.frame_count;
        };
        return holds(a) && holds(b);
    });
}

}  // namespace

bool Picker::pick(Renderer& renderer, const Camera& camera, const RenderSettings& settings, glm::dvec2 point,
                  int frame) {
    picked_.reset();
    const SplatCloud cloud = renderer.read_cloud(settings.between);
    const std::vector<Hit> hits = splats_at(cloud, camera, settings, point);
    if (hits.empty()) return false;
    PickedSplat& picked = picked_.emplace();
    picked.hit = *std::ranges::max_element(hits, {}, &Hit::share);
    picked.layers = hits.size(), picked.frame = frame;
    picked.splats = neighbours_of(cloud, picked.hit.splat, kNeighbours);
    picked.splats.insert(picked.splats.begin(), picked.hit.splat);
    picked.cloud = renderer.read_splats(picked.splats);
    return true;
}

void Picker::follow(Renderer& renderer, const Camera& camera, const RenderSettings& settings, int frame,
                    std::span<const SegmentInfo> segments) {
    if (!picked_) return;
    if (picked_->frame != frame) {
        if (!in_one_segment(segments, picked_->frame, frame)) {
            picked_.reset();
            return;
        }
        picked_->frame = frame;
        picked_->cloud = renderer.read_splats(picked_->splats);
    }
    const std::optional<Ellipse> ellipse = project_splat(picked_->cloud, 0, camera, settings);
    if (ellipse)
        picked_->ellipse = *ellipse;
    else
        picked_.reset();
}

}  // namespace volumen
